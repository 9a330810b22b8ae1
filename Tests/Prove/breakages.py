def self_test(history, report):
    return []
