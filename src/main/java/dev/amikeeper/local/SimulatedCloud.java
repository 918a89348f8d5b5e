package dev.amikeeper.local;

import dev.amikeeper.local.dynamodb.MemoryDynamoDb;

import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.ProductCode;
import software.amazon.awssdk.services.ec2.model.RunInstancesRequest;
import software.amazon.awssdk.services.ec2.model.TagSpecification;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * One AWS account in memory: any number of Regions on one virtual clock that only the owner moves.
 * The same seed and the same calls give the same ids and events. Several threads may call it.
 */
public final class SimulatedCloud {
    /** The account that owns everything. */
    public static final String ACCOUNT = "123456789012";

    private static final String BASE_IMAGE = "ami-0base000000000000";

    private final Timeline timeline;
    private final Faults faults;
    private final CloudSettings settings = new CloudSettings();
    private final EventQueue events;
    private final Calls calls;
    private final CloudCore core;
    private final Map<String, SimulatedEc2> regions = new HashMap<>();
    private final Map<String, SimulatedSqs> queues = new HashMap<>();
    private final Map<String, SimulatedSns> topics = new HashMap<>();
    private final Map<String, MemoryDynamoDb> tables = new HashMap<>();
    private final Map<String, SimulatedAutoScaling> scaling = new HashMap<>();
    private final Map<String, SimulatedSsm> parameters = new HashMap<>();

    /** An empty account. Two such accounts differ only by their seeds. */
    public SimulatedCloud(Instant start, long seed) {
        Ids ids = new Ids(seed);
        timeline = new Timeline(start);
        faults = new Faults(new Ids(~seed));
        events = new EventQueue(ACCOUNT, timeline, ids, faults, settings);
        calls = new Calls(timeline, faults);
        core = new CloudCore(ACCOUNT, timeline, ids, events, settings, new SimulatedBuckets());
    }

    public Instant now() {
        return timeline.instant();
    }

    public InstantSource clock() {
        return timeline;
    }

    /** EC2 in this Region, the same object each time. */
    public Ec2Client ec2(String region) {
        return region(region);
    }

    /** SQS in this Region, the same object each time. */
    public SimulatedSqs sqs(String region) {
        return calls.alone(
                () -> queues.computeIfAbsent(region, name -> new SimulatedSqs(name, core, calls)));
    }

    /** SNS in this Region, the same object each time. */
    public SimulatedSns sns(String region) {
        return calls.alone(
                () -> topics.computeIfAbsent(region, name -> new SimulatedSns(name, core, calls)));
    }

    /** Auto Scaling in this Region, the same object each time. */
    public SimulatedAutoScaling autoScaling(String region) {
        return calls.alone(() ->
                scaling.computeIfAbsent(
                        region, name -> new SimulatedAutoScaling(name, core, calls)));
    }

    /** Systems Manager in this Region, the same object each time. */
    public SimulatedSsm ssm(String region) {
        return calls.alone(() ->
                parameters.computeIfAbsent(
                        region,
                        name ->
                                new SimulatedSsm(
                                        name, core, calls, () -> region(name).instances())));
    }

    /** IAM, which is global. */
    public SimulatedIam iam() {
        return new SimulatedIam(core, calls);
    }

    /** Makes another account run this many instances of an image; 0 for none. */
    public void usedByOthers(String region, String imageId, String account, int instances) {
        calls.alone(() -> {
            region(region).usageReports().use(imageId, account, instances);
            return instances;
        });
    }

    /**
     * Counts and fails the calls of a real DynamoDB client, as if its table were in this Region.
     */
    public ExecutionInterceptor dynamoDb(String region) {
        return new DynamoDbFaults(region, calls);
    }

    /** DynamoDB in this Region, in memory, the same object each time. */
    public MemoryDynamoDb tables(String region) {
        return calls.alone(
                () -> tables.computeIfAbsent(region, name -> new MemoryDynamoDb(name, calls)));
    }

    /** What goes wrong. */
    public Faults faults() {
        return faults;
    }

    /** Shows every call of every service from now on to this watch, and to no other. */
    public void watch(CallWatch watch) {
        calls.watch(watch);
    }

    /** How long things take and how they end. */
    public CloudSettings settings() {
        return settings;
    }

    /**
     * Moves the clock. Whatever falls due on the way happens at its own time.
     *
     * @throws IllegalArgumentException if that is in the past
     */
    public void advanceTo(Instant then) {
        calls.alone(() -> {
            timeline.advanceTo(then);
            return then;
        });
    }

    /** Moves the clock by this much. */
    public void advance(Duration by) {
        advanceTo(now().plus(by));
    }

    /** When the next change or event delivery happens; now, if events are ready. */
    public Optional<Instant> nextDue() {
        return events.hasReady() ? Optional.of(now()) : timeline.next();
    }

    /** Takes the events of all Regions that are ready by now, in order of delivery. */
    public List<Map<String, Object>> takeEvents() {
        return events.takeReady();
    }

    /**
     * Launches a running instance. Its volumes are /dev/xvda, the root, then /dev/sdf, /dev/sdg and
     * so on.
     *
     * @return its id
     * @throws IllegalArgumentException if it has no volume
     */
    public String launch(String region, Map<String, String> tags, List<Integer> volumeSizesGiB) {
        return launch(region, tags, volumeSizesGiB, _ -> {});
    }

    /**
     * Launches a running instance as this request would, from the base image. The key pair and the
     * instance profile that it names exist from now on; a launch template is the one that it was
     * launched from.
     *
     * @return its id
     * @throws IllegalArgumentException if it has no volume
     */
    public String launch(
            String region,
            Map<String, String> tags,
            List<Integer> volumeSizesGiB,
            Consumer<RunInstancesRequest.Builder> as) {
        if (volumeSizesGiB.isEmpty()) {
            throw new IllegalArgumentException("an instance has at least a root volume");
        }
        List<BlockDeviceMapping> devices = new ArrayList<>();
        for (String device : devices(volumeSizesGiB.size())) {
            int size = volumeSizesGiB.get(devices.size());
            devices.add(
                    BlockDeviceMapping.builder()
                            .deviceName(device)
                            .ebs(ebs -> ebs.volumeSize(size))
                            .build());
        }
        RunInstancesRequest.Builder request =
                RunInstancesRequest.builder()
                        .tagSpecifications(
                                TagSpecification.builder()
                                        .resourceType("instance")
                                        .tags(TagRules.list(tags))
                                        .build());
        as.accept(request);
        RunInstancesRequest asked = request.imageId(BASE_IMAGE).build();
        return calls.alone(() -> region(region).launches().seed(asked, devices));
    }

    /** The devices of an instance with this many volumes, the root first. */
    public static List<String> devices(int volumes) {
        return IntStream.range(0, volumes)
                .mapToObj(i -> i == 0 ? "/dev/xvda" : "/dev/sd" + (char) ('e' + i))
                .toList();
    }

    /** The networks that instances of this Region are launched into. */
    public SimulatedNetworks networks(String region) {
        return region(region).networks();
    }

    /**
     * Gives an image or an instance an AWS Marketplace product code, which whatever is made of it
     * inherits.
     */
    public void productCode(String region, String id, String code) {
        ProductCode paid =
                ProductCode.builder().productCodeId(code).productCodeType("marketplace").build();
        calls.alone(() -> {
            region(region).images().change(id, it -> it.with(i -> i.productCodes(paid)));
            region(region).instances().change(id, it -> it.with(i -> i.productCodes(paid)));
            return paid;
        });
    }

    /**
     * Sets what an image or an instance is billed as, for example {@code Windows}; its snapshots
     * pass it on.
     */
    public void platform(String region, String id, String platform) {
        calls.alone(() -> {
            region(region).images().change(id, it -> it.with(i -> i.platformDetails(platform)));
            region(region).instances().change(id, it -> it.with(i -> i.platformDetails(platform)));
            return platform;
        });
    }

    /** Adds an S3 bucket in this Region. */
    public void addBucket(String region, String name) {
        calls.alone(() -> {
            core.buckets().add(name, region);
            return name;
        });
    }

    /** Copies an object to a bucket of any Region, as S3 would. */
    public void copyObject(String from, String key, String to) {
        calls.alone(() -> {
            core.buckets().copy(from, key, to);
            return key;
        });
    }

    /** Deletes an object of a bucket. */
    public void deleteObject(String bucket, String key) {
        calls.alone(() -> {
            core.buckets().delete(bucket, key);
            return key;
        });
    }

    /** The keys of a bucket's objects. */
    public List<String> objects(String bucket) {
        return calls.alone(() -> core.buckets().keys(bucket));
    }

    /** How often each action was called, in all Regions. */
    public SortedMap<String, Integer> calls() {
        return calls.counts();
    }

    /** How often each action was called in this Region. */
    public SortedMap<String, Integer> calls(String region) {
        return calls.counts(region);
    }

    /** How often each action found its token bucket empty, in all Regions. */
    public SortedMap<String, Integer> throttled() {
        return calls.throttled();
    }

    /** The images of a Region, by id, that are not deregistered. */
    public List<LocalImage> images(String region) {
        return calls.alone(() -> region(region).images().all());
    }

    /** The snapshots of a Region, by id, that are not deleted. */
    public List<LocalSnapshot> snapshots(String region) {
        return calls.alone(() -> region(region).snapshots().all());
    }

    /** The instances of a Region, by id, including those terminated within the last hour. */
    public List<LocalInstance> instances(String region) {
        return calls.alone(() -> region(region).instances().all());
    }

    private SimulatedEc2 region(String name) {
        return calls.alone(() -> {
            SimulatedEc2 known = regions.get(name);
            if (known == null) {
                known = new SimulatedEc2(name, core, calls, this::region, () -> ssm(name));
                regions.put(name, known);
            }
            return known;
        });
    }
}
