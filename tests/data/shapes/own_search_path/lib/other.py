def work(t=0.5):
    return t
