import helper

def run():
    with helper.opened() as t:
        return {"t": str(t)}
