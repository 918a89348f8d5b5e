#!/usr/bin/env python3
"""Gives orders by events to the deployed template: to store images in S3 and fetch them back, deregister them, register
them from snapshots, share and adopt them. Each order's function dies right after its call, and the order comes again.
Run it from the project's root, after .ci/faults.py: python3 .ci/orders.py"""
import json
from collections import Counter
from play import deployed, drain, expect, images, killed, now, play, world

POLICIES = """
orders: {shareWith: ['111122223333']}
policies:
  gold:
    select: {tags: {backup: gold}}
    schedule: {cron: '0 2 * * *'}
    keep: {last: 2}
"""
HERE = "us-east-1"


def order(kind, detail, call=None):
    """Puts an order on its bus. The first time, the function dies right after this call."""
    host.client("events").put_events(Entries=[{"EventBusName": host.r.phys["OrdersBus"], "Source": "amikeeper", "DetailType": kind + " Requested", "Detail": json.dumps(detail)}])
    (put,) = world("put", {"clear": True})["put"]
    if call: killed(host, "OperateFunction", put["event"], call, 1)
    expect(f"{kind} comes", host.deliver(put["event"], put["bus"]), ["OperateFunction"])
    report = host.answer
    if report.get("done") != 1: expect(f"{kind} {json.dumps(detail)}", report, "done")
    print(report["text"])
    return report


def answering(host):
    """Keeps the last answer of a function."""
    invoke = host.invoke
    def kept(*args, **kw):
        done = invoke(*args, **kw); host.answer = done[1]; return done
    host.invoke = kept


def ours():
    """Returns our available images, by name."""
    return {image["Name"]: image for image in world("state")["regions"][f"123456789012/{HERE}"]["images"].values()
            if image["State"] == "available"}


PARAMETERS = {"OperatorArns": "arn:aws:iam::123456789012:role/Operator", "StoreBucketArns": "arn:aws:s3:::ami-archive"}

with deployed(POLICIES, build=False, params=PARAMETERS) as host:
    answering(host)
    world("seed", {"region": HERE, "count": 2, "tags": {"backup": "gold"}, "volumes": [["/dev/xvda", 8], ["/dev/sdf", 20]]})
    for day in (1, 2):
        world("now", {"now": f"2026-03-0{day}T02:00:00Z"}); host.scheduled(now(), only="ScheduleFunction"); drain(host); play(host, 4)
    expect("two nights", images(), {(HERE, "available"): 4})
    oldest, other = sorted(ours(), key=lambda name: (name.split("/")[2], name))[:2]
    stored = ours()[oldest]["ImageId"]

    order("Store", {"image": stored, "bucket": "ami-archive"}, "CreateStoreImageTask")
    play(host, 3); host.scheduled(now(), only="StoreFunction")
    order("Deregister", {"image": stored}, "DeregisterImage")
    # Once the dead function's lease is over, the pruner finishes what it began.
    world("now", {"now": "2026-03-02T06:00:00Z"}); host.scheduled(now(), only="PruneFunction"); play(host, 3)
    expect("stored, and removed by hand", images(), {(HERE, "available"): 3})
    order("Fetch", {"image": stored}, "CreateRestoreImageTask")
    play(host, 6)
    expect("fetched back under its name", oldest in ours(), True)

    gone = ours()[other]
    host.client("ec2").deregister_image(ImageId=gone["ImageId"])
    play(host, 3)
    expect("an image is deregistered by mistake", images(), {(HERE, "available"): 3})
    order("Register", {"snapshot": gone["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]}, "RegisterImage")
    play(host, 3)
    again = ours()[other]
    expect("registered from its snapshots", {b["DeviceName"]: b["Ebs"]["SnapshotId"] for b in again["BlockDeviceMappings"]},
           {b["DeviceName"]: b["Ebs"]["SnapshotId"] for b in gone["BlockDeviceMappings"]})

    order("Share", {"image": again["ImageId"], "with": ["111122223333"]}, "ModifyImageAttribute")
    order("Unshare", {"image": again["ImageId"], "with": ["111122223333"]}, "ModifyImageAttribute")
    expect("shared, and no more", len(ours()[other]["_perms"]), 0)

    instance = other.split("/")[1]
    golden = host.client("ec2").create_image(InstanceId=instance, Name="golden")["ImageId"]
    play(host, 3)
    order("Adopt", {"image": golden, "policy": "gold"}, "CopyImage")
    play(host, 6)
    expect("adopted as a copy", sum(name.startswith("gold/" + instance) for name in ours()), 3)
    expect("no snapshot is left over", len(world("state")["regions"][f"123456789012/{HERE}"]["snapshots"]), 2 * 6)
    expect("only the killed ones failed", Counter(json.dumps(entry[3]) for entry in host.log if not entry[1]), {'{"errorType": "Killed"}': 7})
    print("orders: ok")
