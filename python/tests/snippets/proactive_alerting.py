# Process metrics for analysis
alerting.process_metrics(metrics_dict)

# Get active alerts
predictive_alerts = alerting.get_active_predictive_alerts()
critical_alerts = alerting.get_active_predictive_alerts(AlertSeverity.CRITICAL)

# Get system health dashboard
health_dashboard = alerting.get_system_health_dashboard()
