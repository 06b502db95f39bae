import helper

def run():
    mine = []
    first = str(helper.collect(1, mine))
    second = str(helper.collect(2, mine))
    return {"first": first, "second": second, "mine": str(mine)}
