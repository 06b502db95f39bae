def count(n, t=0.5):
    for _ in range(n):
        yield t
