import helper

def run():
    return {"a": str(helper.segment(1, t=0.3))}
