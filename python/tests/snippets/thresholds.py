# Task throughput thresholds (tasks per hour)
throughput_thresholds = {
    "warning": 5.0,
    "critical": 2.0, 
    "target": 10.0
}

# Conflict resolution thresholds (success rate)
conflict_thresholds = {
    "warning": 0.7,  # 70%
    "critical": 0.5, # 50%
    "target": 0.9    # 90%
}
