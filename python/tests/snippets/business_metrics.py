# Start task tracking
trace_id = business_metrics.start_task(agent_id, task_id, task_type)

# Complete task
business_metrics.complete_task(task_id, success=True, quality_score=0.95)

# Start conflict resolution
business_metrics.start_conflict_resolution(conflict_id, agents, conflict_type)

# Resolve conflict
business_metrics.resolve_conflict(conflict_id, resolution_method, success=True)

# Get reports
throughput_report = business_metrics.get_agent_throughput_report(agent_id)
conflict_report = business_metrics.get_conflict_resolution_report()
dashboard = business_metrics.get_real_time_dashboard()
