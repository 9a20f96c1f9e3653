"""A job-status tracker that is right by construction: one atomic statement per event, no sleeps."""
