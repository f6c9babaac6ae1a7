"""Shows the log of every running server beside the failure of a test that uses the fixture `server`."""
import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    server = getattr(item, "funcargs", {}).get("server")
    if report.failed and hasattr(server, "log_tail"):
        report.sections.append(("pixgate", server.log_tail()))
