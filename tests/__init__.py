"""The tests of pytest-jobstatus and of its reference tracker."""
