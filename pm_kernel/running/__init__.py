"""Registering, executing, completing and settling one run."""
