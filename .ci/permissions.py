#!/usr/bin/env python3
"""Checks that the roles of the deployed template refuse nothing in a broad run of it: nights, failures, drills, restores,
storing, pruning, sweeping and every order, each function with its own role. PermissionsTest finds what they grant
needlessly. Run it from the project's root, after .ci/faults.py: python3 .ci/permissions.py"""
import contextlib, io, os, sys

local = os.path.abspath("../shared/aws-local"); sys.path.insert(0, local)
import iam_report

iam_report.PARAMS["OperatorArns"] = "arn:aws:iam::123456789012:role/Operator"
watch = iam_report.Lab.watch


def orders_bus(lab):
    """Sends orders to their own bus. An order that nobody takes is a mistake."""
    watch(lab)
    deliver = lab.host.deliver
    def on_their_bus(event, bus="default"):
        ordered = event["source"] == "amikeeper" and event["detail-type"] != "Backup Requested"
        hit = deliver(event, lab.host.r.phys["OrdersBus"] if ordered else bus)
        assert hit or not ordered, "nobody takes " + event["detail-type"]
        return hit
    lab.host.deliver = on_their_bus


class Tee(io.StringIO):
    """Shows what is printed, and keeps it."""
    def write(self, text):
        sys.__stdout__.write(text); sys.__stdout__.flush()
        return super().write(text)


iam_report.Lab.watch = orders_bus
sys.argv = [sys.argv[0], "--project", ".", "--no-build", "--enforce", *sys.argv[1:]]
with contextlib.redirect_stdout(Tee()) as said: status = iam_report.main()
broken = [line for line in said.getvalue().splitlines() if line.startswith(("Traceback", "  FAILED"))]
if status == 2: print("permissions: not looked at, for there is no evaluator")
elif status == 0 and not broken: print("permissions: ok")
sys.exit(0 if status == 2 else status or len(broken) > 0)
