def inner(t=0.5):
    return t

def run(sigma=1.5):
    return {"t": str([sigma, inner()])}

if __name__ == "__main__":
    raise SystemExit("not when imported")
