import functools

def rude(function):
    def anything(*args, **kwargs):
        return function(*args, **kwargs)
    return anything

def polite(function):
    @functools.wraps(function)
    def around(*args, **kwargs):
        return function(*args, **kwargs)
    return around

def argued(extra):
    def decorate(function):
        @functools.wraps(function)
        def around(t=0.5):
            return function(t + extra)
        return around
    return decorate

@rude
def plain(t=0.5):
    return t

@polite
def wrapped(t=0.5):
    return t

@polite
@argued(0.1)
@functools.lru_cache(maxsize=None)
def stacked(t):
    return t
