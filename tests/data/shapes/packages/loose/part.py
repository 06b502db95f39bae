def part(t=0.4):
    return t
