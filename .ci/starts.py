#!/usr/bin/env python3
"""Measures cold starts: from the start of the JVM to the first answer, with AWS's runtime interface client, against the local AWS.
Run from the project's root after ./mvnw package:  python3 .ci/starts.py [--runs 5] [--built DIR] [FUNCTION …]
Prints the median seconds, the seconds of processor time, and both as a ratio to a function that makes one call to EC2 and one to DynamoDB."""
import argparse, json, os, statistics, subprocess, sys, tempfile, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
os.environ.setdefault("WORLD_PORT", "5582")
import play

BASELINES = {
    "hello world": """public class Hello implements com.amazonaws.services.lambda.runtime.RequestHandler<java.util.Map<String, Object>, String> { public String handleRequest(java.util.Map<String, Object> in, com.amazonaws.services.lambda.runtime.Context c) { return "hello"; } }""",
    "two calls": """
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.ec2.Ec2Client;
public class TwoCalls implements com.amazonaws.services.lambda.runtime.RequestHandler<java.util.Map<String, Object>, String> {
    static final software.amazon.awssdk.http.SdkHttpClient HTTP = Apache5HttpClient.builder().build();
    static final Ec2Client EC2 = Ec2Client.builder().httpClient(HTTP).build();
    static final DynamoDbClient TABLES = DynamoDbClient.builder().httpClient(HTTP).build();
    public String handleRequest(java.util.Map<String, Object> in, com.amazonaws.services.lambda.runtime.Context c) {
        EC2.describeInstances(r -> r.maxResults(100));
        return TABLES.getItem(r -> r.tableName(System.getenv("TABLE")).key(java.util.Map.of(
            "pk", software.amazon.awssdk.services.dynamodb.model.AttributeValue.fromS("a"),
            "sk", software.amazon.awssdk.services.dynamodb.model.AttributeValue.fromS("b")))).toString();
    }
}"""}
EVENTS = {"ScheduleFunction": "schedule", "RequestFunction": "request-tag", "CreateImageFunction": "create-kick", "ImageStateFunction": "image-available",
          "CopyImageFunction": "copy-kick", "PruneFunction": "prune", "OperateFunction": "operate-share", "StoreFunction": "store", "SweepFunction": "sweep",
          "RestoreFunction": "restore-tick", "DrillFunction": "drill"}


def processor(pid):
    with open(f"/proc/{pid}/stat") as stat: fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start(function, event):
    function.stop()
    begun = time.time()
    ok, body, _ = function.invoke(event)
    wall, busy = time.time() - begun, processor(function.proc.pid)
    function.stop()
    if not ok: sys.exit(f"{function.name}: {json.dumps(body)[:2000]}")
    return wall, busy


parser = argparse.ArgumentParser()
parser.add_argument("--runs", type=int, default=5)
parser.add_argument("--built", default=".", help="a directory with template.yaml and target/, if not this one")
parser.add_argument("functions", nargs="*")
args = parser.parse_args()
POLICIES = "policies:\n  gold:\n    select: {tags: {backup: gold}}\n    schedule: {cron: '0 2 * * *', zone: Europe/Berlin}\n    keep: {last: 2}\n    replicate: {us-west-2: {}}\n"
with play.deployed(POLICIES, build=args.built == ".", project=args.built) as host, tempfile.TemporaryDirectory() as classes:
    from samhost import JDK, Function
    play.world("seed", {"region": "us-east-1", "count": 1, "tags": {"backup": "gold"}, "volumes": [["/dev/xvda", 8]]})
    subjects = []
    for name, source in BASELINES.items():
        cls = source.split("public class ")[1].split()[0]
        with open(f"{classes}/{cls}.java", "w") as file: file.write(source)
        subprocess.run([f"{JDK}/bin/javac", "-cp", host.cp, "-d", classes, f"{classes}/{cls}.java"], check=True)
        env = host.functions["ScheduleFunction"].env
        subjects.append((Function(name, cls, f"{classes}:{host.cp}", env, 60, 512), {}))
    for name, file in EVENTS.items():
        if args.functions and name not in args.functions: continue
        with open(f"events/{file}.json") as event: subjects.append((host.functions[name], json.load(event)))
    took = {function.name: [] for function, _ in subjects}
    for run in range(args.runs + 1):        # the first fills the file cache
        for function, event in subjects:
            taken = start(function, event)
            if run: took[function.name].append(taken)
    medians = {name: [statistics.median(part) for part in zip(*runs)] for name, runs in took.items()}
    base = medians["two calls"]
    print(f"{'function':<22}{'seconds':>9}{'processor':>11}{'ratio':>8}{'ratio':>8}")
    for name, (wall, busy) in medians.items():
        print(f"{name:<22}{wall:>9.2f}{busy:>11.2f}{wall / base[0]:>8.2f}{busy / base[1]:>8.2f}")
