# Workflow tracing
trace_id = tracing.start_workflow_trace(workflow_id, workflow_type, agents)

# Agent operations
with tracing.trace_agent_operation(agent_id, operation_name):
    # Perform operation
    pass

# Task execution
with tracing.trace_task_execution(task_id, task_type, agent_id):
    # Execute task
    pass

# Communication tracing
with tracing.trace_agent_communication(sender, receiver, message_type):
    # Send message
    pass

# Complete workflow
tracing.complete_workflow_trace(workflow_id, status="completed")
