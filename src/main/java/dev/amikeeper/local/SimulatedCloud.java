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
 * One AWS account in memory: any number of Regions on one virtual clock that only its owner moves.
 * The same seed and the same calls give the same ids and events. May be called by several threads.
 */
public final class SimulatedCloud {
    /** The account that everything belongs to. */
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

    /** An empty account; nothing but the seed makes a difference between two of them. */
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

    /** IAM, which is one for all Regions. */
    public SimulatedIam iam() {
        return new SimulatedIam(core, calls);
    }

    /** From now on another account runs so many instances of an image; 0 for none any more. */
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

    /** What shall go wrong. */
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
     * Moves the clock; what falls due on the way happens at its own time.
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

    /** When the next change or delivery of an event happens; now, if events are to be taken. */
    public Optional<Instant> nextDue() {
        return events.hasReady() ? Optional.of(now()) : timeline.next();
    }

    /** Takes the events that are deliverable by now, of every Region, in order of delivery. */
    public List<Map<String, Object>> takeEvents() {
        return events.takeReady();
    }

    /**
     * A running instance; its volumes are /dev/xvda, the root, then /dev/sdf, /dev/sdg and so on.
     *
     * @return its id
     * @throws IllegalArgumentException if it has no volume
     */
    public String launch(String region, Map<String, String> tags, List<Integer> volumeSizesGiB) {
        return launch(region, tags, volumeSizesGiB, _ -> {});
    }

    /**
     * A running instance as this request would launch it, if its image were the base image. Its key
     * pair and its instance profile are there from now on; a launch template is one that it was
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

    /** The devices of an instance with so many volumes, the root first. */
    public static List<String> devices(int volumes) {
        return IntStream.range(0, volumes)
                .mapToObj(i -> i == 0 ? "/dev/xvda" : "/dev/sd" + (char) ('e' + i))
                .toList();
    }

    /** What instances of this Region are launched into. */
    public SimulatedNetworks networks(String region) {
        return region(region).networks();
    }

    /**
     * The AWS Marketplace product code of an image or an instance; what is made of it has it too.
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

    /** What is billed on an image or an instance, as {@code Windows}; its snapshots tell it. */
    public void platform(String region, String id, String platform) {
        calls.alone(() -> {
            region(region).images().change(id, it -> it.with(i -> i.platformDetails(platform)));
            region(region).instances().change(id, it -> it.with(i -> i.platformDetails(platform)));
            return platform;
        });
    }

    /** An S3 bucket in this Region. */
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

    /** The images of a Region that are not deregistered, by id. */
    public List<LocalImage> images(String region) {
        return calls.alone(() -> region(region).images().all());
    }

    /** The snapshots of a Region that are not deleted, by id. */
    public List<LocalSnapshot> snapshots(String region) {
        return calls.alone(() -> region(region).snapshots().all());
    }

    /** The instances of a Region, those included that terminated within the last hour, by id. */
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
