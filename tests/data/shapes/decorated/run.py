import helper

def run():
    got = [helper.plain(), helper.wrapped(), helper.stacked()]
    return {"t": str(got), "names": str([f.__name__ for f in (helper.plain, helper.wrapped, helper.stacked)])}
