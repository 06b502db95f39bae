def collect(item, into):
    for each in into:
        if isinstance(each, dict):
            each["k"].append(item)
    into.append(item)
    return into
