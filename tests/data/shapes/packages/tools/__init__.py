from .filters import smooth

def first(t=0.1):
    return t
