import helper

def run():
    return {"t": str(helper.segment())}
