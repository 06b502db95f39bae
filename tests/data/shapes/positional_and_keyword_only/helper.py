def segment(i, t=0.5, /, *, k=0.1):
    return i, t, k
