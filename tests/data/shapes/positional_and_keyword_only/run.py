import helper

def run():
    return {"got": str(helper.segment(1))}
