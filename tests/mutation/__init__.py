"""Mutation testing, `make mutation`: do the tests notice when a rule, or the reference merge, is changed?"""
