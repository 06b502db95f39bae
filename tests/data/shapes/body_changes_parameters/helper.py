def segment(i, t=None):
    t = t or 3
    kept = t
    del t
    return kept

def closure(t):
    def inner():
        nonlocal t
        t = t * 2
        return t
    return inner()
