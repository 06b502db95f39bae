def segment(t=0.5):
    return t
