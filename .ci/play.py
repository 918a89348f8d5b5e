"""What the end-to-end runs share: a local AWS of their own, and the deployed template on it."""
import contextlib, json, os, subprocess, sys, tempfile, time, urllib.request, uuid
from collections import Counter

local = os.path.abspath("../shared/aws-local"); sys.path.insert(0, local)
PORT = int(os.environ.get("WORLD_PORT", "5581")); URL = f"http://127.0.0.1:{PORT}"


def world(verb, data=None):
    request = urllib.request.Request(f"{URL}/_world/{verb}", data=None if data is None else json.dumps(data).encode())
    return json.loads(urllib.request.urlopen(request, timeout=120).read())


def images():
    """Counts the images, by Region and state."""
    return Counter((key.split("/")[1], image["State"]) for key, region in world("state")["regions"].items()
                   for image in region["images"].values() if image["State"] != "deregistered")


def expect(what, found, wanted):
    print(f"{what}: {'ok' if found == wanted else f'FELL SHORT: {found}, not {wanted}'}", flush=True)
    if found != wanted: sys.exit(1)


def now():
    return world("advance", {"seconds": 0})["now"][:19] + "Z"


def drain(host, duplicate=False):
    """Delivers messages. A worker may hide its kick for a while, on the wall clock; on the world's clock that while is over."""
    host.drain(duplicate=duplicate)
    for queue, function, _ in host.mappings:
        if not queue or function not in host.functions: continue
        url = host.r.phys[queue]
        state = host.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        if int(state["ApproximateNumberOfMessagesNotVisible"]) == 0: continue
        host.sqs.purge_queue(QueueUrl=url)
        for region in {key.split("/")[1] for key in world("state")["regions"]}:
            host.sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"region": region}), MessageGroupId=region,
                                  MessageDeduplicationId=uuid.uuid4().hex)
    host.drain(duplicate=duplicate)


def play(host, steps, twice=True):
    """Plays this many steps of five minutes, with a sweep in every third step. Events and messages come twice."""
    for step in range(steps):
        for event in world("advance", {"seconds": 300})["events"]:
            for _ in range(1 + twice): host.deliver(event)
        drain(host, twice)
        at = now()
        host.scheduled(at, only="ScheduleFunction"); drain(host)
        if step % 3 == 2: host.scheduled(at, only="SweepFunction"); drain(host, twice)


def killed(host, function, event, action, nth):
    """Invokes the function, which dies right after its nth call of this action."""
    world("faults", [{"action": action, "mode": "freeze", "nth": nth, "times": 1}])
    host.invoke(function, event, kill_after=8)
    world("faults", [])


@contextlib.contextmanager
def deployed(policies, build=True, params=None, project="."):
    """Deploys the template on a new world, with these policies and parameters."""
    host = None
    server = subprocess.Popen([sys.executable, os.path.join(local, "ec2world.py"), "--port", str(PORT)])
    try:
        for _ in range(100):
            try: world("calls"); break
            except OSError: time.sleep(0.2)
        from samhost import Host
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False) as file: file.write(policies)
        host = Host(project, URL, params=params, env={"POLICIES": "file:" + file.name}, build=build)
        yield host
    finally:
        if host: host.stop()
        server.kill(); server.wait()
