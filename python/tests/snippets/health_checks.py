# Check system health
health = monitoring.get_monitoring_system_health()
print(f"Status: {health.status}")
print(f"Recommendations: {health.recommendations}")

# Check component health
dashboard = monitoring.get_comprehensive_dashboard()
component_health = dashboard["monitoring_framework"]["component_health"]
