"""From discrepancies to alarms: calibrate → threshold → events. Arithmetic on arrays, no torch.

What is learned here is learned from training scores alone. To add a rule for the threshold, write a function beside
`threshold.fit_threshold` with the same arguments.
"""
