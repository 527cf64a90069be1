"""The load core: sends requests to an inference service and measures them. `load_test_*.py` beside it are its entry points.

    plan -> running -> measurement -> report, table, chart
              session       |
              replicas ------+

A request is sent once: nothing is tried again, and a reset, a time-out, a status other than 200 or a wrong answer is a failure.
"""
