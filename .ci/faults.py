#!/usr/bin/env python3
"""Plays three nights of trouble on the deployed template: lost replies, throttled and failing calls, functions killed in
mid-flight, events and messages delivered twice, little room for copies, a Region in which copies fail. Then it plays
drills, which must leave no server behind. Run it from the project's root, after ./mvnw verify: python3 .ci/faults.py"""
import time
from collections import Counter
from play import deployed, drain, expect, images, killed, now, play, world

POLICIES = """
policies:
  gold:
    select: {tags: {backup: gold}}
    schedule: {cron: '0 2 * * *'}
    keep: {last: 2}
    replicate: {us-west-2: {}, eu-west-1: {}}
    retire: {disableFor: 7d}
    drill: {every: 1d, instances: 3, region: us-west-2, subnet: subnet-0abc1234def567890, securityGroups: [sg-0abc1234def567890]}
"""


def servers(region):
    """Counts the instances in a Region, by state."""
    return Counter(instance["State"]["Name"] for key, there in world("state")["regions"].items()
                   if key.split("/")[1] == region for instance in there["instances"].values())


with deployed(POLICIES) as host:
    world("config", {"copy_quota": 5, "fail_copy_regions": ["eu-west-1"]})
    world("seed", {"region": "us-east-1", "count": 6, "tags": {"backup": "gold"}, "volumes": [["/dev/xvda", 8], ["/dev/sdf", 20]]})

    world("faults", [{"action": "CreateImage", "mode": "lost", "nth": 2, "times": 1}, {"action": "CreateImage", "mode": "throttle", "nth": 4, "times": 3},
                     {"action": "CopyImage", "mode": "internal", "nth": 1, "times": 2}, {"action": "dynamodb.TransactWriteItems", "mode": "internal", "nth": 5, "times": 2}])
    world("now", {"now": "2026-03-01T02:00:00Z"}); host.scheduled("2026-03-01T02:00:00Z", only="ScheduleFunction"); drain(host, True); play(host, 22)
    expect("night 1, copies to eu-west-1 fail", {kind: n for kind, n in images().items() if kind[1] == "available"}, {("us-east-1", "available"): 6, ("us-west-2", "available"): 6})

    world("config", {"fail_copy_regions": []})
    world("now", {"now": "2026-03-02T02:00:00Z"}); host.scheduled("2026-03-02T02:00:00Z", only="ScheduleFunction")
    queue = next(q for q, function, _ in host.mappings if function == "CreateImageFunction")
    messages = host.sqs.receive_message(QueueUrl=host.r.phys[queue], MaxNumberOfMessages=10, VisibilityTimeout=1)["Messages"]
    killed(host, "CreateImageFunction", {"Records": [{"messageId": m["MessageId"], "body": m["Body"]} for m in messages]}, "CreateImage", 3)
    time.sleep(1.2); drain(host); play(host, 30)
    # The sweep has tried the first night's copies to eu-west-1 again.
    expect("night 2, CreateImageFunction dies", images(), {(region, "available"): 12 for region in ("us-east-1", "us-west-2", "eu-west-1")})

    world("now", {"now": "2026-03-03T02:00:00Z"}); host.scheduled("2026-03-03T02:00:00Z", only="ScheduleFunction"); drain(host); play(host, 22)
    # The images are not shared: the local AWS's reports on use do not say how deep they looked, which proves nothing.
    def prune(time): return {"source": "aws.scheduler", "time": time, "region": "us-east-1", "detail": {}}
    killed(host, "PruneFunction", prune("2026-03-03T06:10:00Z"), "DisableImage", 3)
    host.invoke("PruneFunction", prune("2026-03-03T09:00:00Z"))
    expect("PruneFunction dies on disabling", sum(n for (_, state), n in images().items() if state == "disabled"), 18)
    world("now", {"now": "2026-03-11T06:00:00Z"})
    killed(host, "PruneFunction", prune("2026-03-11T06:10:00Z"), "DeregisterImage", 3)
    host.invoke("PruneFunction", prune("2026-03-11T09:00:00Z")); host.invoke("PruneFunction", prune("2026-03-11T09:00:00Z"))
    expect("PruneFunction dies on removing", images(), {("us-east-1", "available"): 12, ("us-west-2", "available"): 12, ("eu-west-1", "available"): 12})
    regions = world("state")["regions"].values()
    expect("no snapshot is left over", sum(len(r["snapshots"]) for r in regions), 2 * 36)

    def drill(day, hours, functions=("RestoreFunction", "SweepFunction"), kill=None):
        """Plays a round of drills, and then every quarter of this many hours with these functions."""
        time = f"2026-03-{day}T07:00:00Z"
        world("now", {"now": time}); host.scheduled(time, only="DrillFunction"); host.scheduled(time, only="DrillFunction")
        if kill: killed(host, "RestoreFunction", {**prune(time), "detail-type": "Scheduled Event"}, *kill)
        for _ in range(4 * hours):
            for event in world("advance", {"seconds": 900})["events"]: host.deliver(event); host.deliver(event)
            for function in functions: host.scheduled(now(), only=function)

    drill(12, 1, kill=("RunInstances", 2))
    expect("RestoreFunction dies on launching", servers("us-west-2"), {"terminated": 3})
    world("config", {"boots": False}); world("faults", [{"action": "RunInstances", "mode": "lost", "nth": 1, "times": 1}])
    drill(13, 2)
    expect("drills that do not come up end", servers("us-west-2"), {"terminated": 6})
    world("config", {"boots": True})
    drill(14, 1, functions=("SweepFunction",), kill=("RunInstances", 1))
    expect("the sweep ends what RestoreFunction left", servers("us-west-2"), {"terminated": 7})
    expect("only the killed ones failed", [entry[3] for entry in host.log if not entry[1]], [{"errorType": "Killed"}] * 5)
    print("faults: ok")
