from helper import segment

def run():
    return {"a": str(segment(1))}
