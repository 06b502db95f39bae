import helper

def run():
    return {"a": str(helper.segment(1)), "b": str(helper.closure(1))}
