import asyncio
from monitoring_integration_framework import MonitoringIntegrationFramework

async def main():
    # Initialize monitoring framework
    monitoring = MonitoringIntegrationFramework("my-agent-system")
    
    # Start monitoring
    await monitoring.initialize()
    
    # Start workflow monitoring
    trace_id = monitoring.start_workflow_monitoring(
        workflow_id="workflow_1",
        workflow_type="task_execution",
        participating_agents=["agent_1", "agent_2"]
    )
    
    # Record agent activities
    monitoring.record_agent_task(
        agent_id="agent_1",
        task_id="task_1", 
        task_type="processing",
        success=True,
        duration=2.5
    )
    
    # Complete workflow
    monitoring.complete_workflow_monitoring("workflow_1", "completed")
    
    # Get comprehensive dashboard
    dashboard = monitoring.get_comprehensive_dashboard()
    print(f"System Health: {dashboard['system_health']['status']}")
    
    # Cleanup
    await monitoring.shutdown()

asyncio.run(main())
