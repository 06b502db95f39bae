from functools import partial

def segment(i, t=0.5):
    return t

TABLE = {"segment": segment}

def apply(i, function=segment):
    return function(i)

sharp = partial(segment, t=0.7)

class Settings:
    method = staticmethod(segment)
