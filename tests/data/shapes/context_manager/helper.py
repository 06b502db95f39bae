from contextlib import contextmanager

@contextmanager
def opened(t=0.5):
    yield t
