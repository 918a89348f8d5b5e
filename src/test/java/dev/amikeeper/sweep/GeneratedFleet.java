package dev.amikeeper.sweep;

import static java.util.Objects.requireNonNull;

import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;

import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemResponse;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.PutItemResponse;
import software.amazon.awssdk.services.dynamodb.model.QueryRequest;
import software.amazon.awssdk.services.dynamodb.model.QueryResponse;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsResponse;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.DescribeImageAttributeRequest;
import software.amazon.awssdk.services.ec2.model.DescribeImageAttributeResponse;
import software.amazon.awssdk.services.ec2.model.DescribeImagesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeImagesResponse;
import software.amazon.awssdk.services.ec2.model.DescribeInstancesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeInstancesResponse;
import software.amazon.awssdk.services.ec2.model.DescribeSnapshotsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeSnapshotsResponse;
import software.amazon.awssdk.services.ec2.model.EbsBlockDevice;
import software.amazon.awssdk.services.ec2.model.GroupIdentifier;
import software.amazon.awssdk.services.ec2.model.Image;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.InstanceBlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.LaunchPermission;
import software.amazon.awssdk.services.ec2.model.Reservation;
import software.amazon.awssdk.services.ec2.model.Snapshot;
import software.amazon.awssdk.services.ec2.model.Tag;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * A fleet of any size whose images are all in order. Nothing of it is stored: each page of a
 * listing is made when it is asked for. So only what the sweep keeps takes memory.
 */
final class GeneratedFleet {
    static final String SHARED_WITH = "111122223333";

    private static final int PAGE = 1000;

    /** About 1 MB of records. */
    private static final int RECORDS_A_PAGE = 400;

    private final int instances;
    private final int slots;
    private final int volumes;
    private final Instant newest;
    private final String policy;
    private final Region home;
    private final SortedMap<String, Integer> calls = new ConcurrentSkipListMap<>();

    /**
     * Creates a fleet.
     *
     * @param slots how many images each instance has in each Region, a day apart
     * @param newest the newest slot
     */
    GeneratedFleet(
            int instances, int slots, int volumes, Instant newest, String policy, Region home) {
        this.instances = instances;
        this.slots = slots;
        this.volumes = volumes;
        this.newest = newest;
        this.policy = policy;
        this.home = home;
    }

    /** How many calls of each kind there were. */
    SortedMap<String, Integer> calls() {
        return calls;
    }

    private void count(String call) {
        calls.merge(call, 1, Integer::sum);
    }

    private ImageName name(int image) {
        return new ImageName(
                policy,
                new InstanceId(instance(image / slots)),
                new Slot(newest.minus(Duration.ofDays(slots - 1 - image % slots))));
    }

    private static String instance(int number) {
        return "i-%017x".formatted(number);
    }

    private static String ami(Region region, int image) {
        return "ami-%s%012x".formatted("%05x".formatted(region.hashCode() & 0xfffff), image);
    }

    private static String snapshot(Region region, int image, int volume) {
        return "snap-%s%010x%02x"
                .formatted("%05x".formatted(region.hashCode() & 0xfffff), image, volume);
    }

    private static String device(int volume) {
        return volume == 0 ? "/dev/xvda" : "/dev/sd" + (char) ('e' + volume);
    }

    /** EC2 in a Region: the home Region, or one with copies. */
    Ec2Client ec2(Region region) {
        return new Ec2(region);
    }

    /**
     * The table with the records of all images.
     *
     * @param table the rest of the catalogue
     * @param model an item of the record of an available home image
     */
    DynamoDbClient records(DynamoDbClient table, Map<String, AttributeValue> model) {
        return new Table(table, model);
    }

    private List<Tag> tags(Region region, int image) {
        ImageName name = name(image);
        List<Tag> tags = new ArrayList<>();
        tags.add(tag(ImageTags.POLICY, name.policy()));
        tags.add(tag(ImageTags.INSTANCE, name.instance().value()));
        tags.add(tag(ImageTags.SLOT, name.slot().toString()));
        if (!region.equals(home)) {
            tags.add(tag(ImageTags.HOME, home + "/" + ami(home, image)));
        }
        tags.addAll(own(image / slots));
        return tags;
    }

    private static List<Tag> own(int instance) {
        return List.of(
                tag("Name", "server-" + instance),
                tag("backup", "gold"),
                tag("environment", "production"),
                tag("cost-center", "4711"),
                tag("owner", "team-" + instance % 20 + "@example.com"));
    }

    private static Tag tag(String key, String value) {
        return Tag.builder().key(new String(key)).value(new String(value)).build();
    }

    private final class Ec2 implements Ec2Client {
        private final Region region;

        Ec2(Region region) {
            this.region = region;
        }

        @Override
        public DescribeImagesResponse describeImages(DescribeImagesRequest request) {
            count("DescribeImages");
            Page page = Page.of(request.nextToken(), instances * slots);
            return DescribeImagesResponse.builder()
                    .images(page.map(this::image))
                    .nextToken(page.next())
                    .build();
        }

        private Image image(int number) {
            return Image.builder()
                    .imageId(ami(region, number))
                    .name(name(number).toString())
                    .state("available")
                    .creationDate(name(number).slot().time().toString())
                    .tags(tags(region, number))
                    .blockDeviceMappings(
                            IntStream.range(0, volumes)
                                    .mapToObj(volume ->
                                            BlockDeviceMapping.builder()
                                                    .deviceName(device(volume))
                                                    .ebs(
                                                            EbsBlockDevice.builder()
                                                                    .snapshotId(
                                                                            GeneratedFleet.snapshot(
                                                                                    region, number,
                                                                                    volume))
                                                                    .build())
                                                    .build())
                                    .toList())
                    .build();
        }

        @Override
        public DescribeSnapshotsResponse describeSnapshots(DescribeSnapshotsRequest request) {
            count("DescribeSnapshots");
            Page page = Page.of(request.nextToken(), instances * slots * volumes);
            return DescribeSnapshotsResponse.builder()
                    .snapshots(page.map(this::snapshot))
                    .nextToken(page.next())
                    .build();
        }

        private Snapshot snapshot(int number) {
            int image = number / volumes;
            return Snapshot.builder()
                    .snapshotId(GeneratedFleet.snapshot(region, image, number % volumes))
                    .startTime(name(image).slot().time())
                    .state("completed")
                    .volumeId("vol-%017x".formatted(number))
                    .tags(tags(region, image))
                    .build();
        }

        /** Each image is shared as the policy says. */
        @Override
        public DescribeImageAttributeResponse describeImageAttribute(
                DescribeImageAttributeRequest request) {
            count("DescribeImageAttribute");
            return DescribeImageAttributeResponse.builder()
                    .launchPermissions(LaunchPermission.builder().userId(SHARED_WITH).build())
                    .build();
        }

        @Override
        public DescribeInstancesResponse describeInstances(DescribeInstancesRequest request) {
            count("DescribeInstances");
            if (!region.equals(home)
                    || request.filters().stream().anyMatch(it -> it.name().startsWith("tag"))) {
                return DescribeInstancesResponse.builder().build();
            }
            Page page = Page.of(request.nextToken(), instances);
            return DescribeInstancesResponse.builder()
                    .reservations(
                            page.map(number ->
                                    Reservation.builder().instances(server(number)).build()))
                    .nextToken(page.next())
                    .build();
        }

        private Instance server(int number) {
            return Instance.builder()
                    .instanceId(instance(number))
                    .state(state -> state.name(InstanceStateName.RUNNING))
                    .instanceType("m7g.large")
                    .subnetId("subnet-0123456789abcdef0")
                    .privateIpAddress("10.0.%d.%d".formatted(number / 250, number % 250))
                    .launchTime(newest.minus(Duration.ofDays(100)))
                    .rootDeviceName(device(0))
                    .securityGroups(
                            GroupIdentifier.builder()
                                    .groupId("sg-0123456789abcdef0")
                                    .groupName("web")
                                    .build())
                    .blockDeviceMappings(
                            IntStream.range(0, volumes)
                                    .mapToObj(volume ->
                                            InstanceBlockDeviceMapping.builder()
                                                    .deviceName(device(volume))
                                                    .build())
                                    .toList())
                    .tags(own(number))
                    .build();
        }

        @Override
        public String serviceName() {
            return SERVICE_NAME;
        }

        @Override
        public void close() {}
    }

    /** A page of a listing. */
    private record Page(int from, int to, int all) {
        static Page of(@org.jspecify.annotations.Nullable String token, int all) {
            int from = token == null ? 0 : Integer.parseInt(token);
            return new Page(from, Math.min(all, from + PAGE), all);
        }

        <T> List<T> map(IntFunction<T> each) {
            return IntStream.range(from, to).mapToObj(each).toList();
        }

        @org.jspecify.annotations.Nullable
        String next() {
            return to < all ? Integer.toString(to) : null;
        }
    }

    private final class Table implements DynamoDbClient {
        private final DynamoDbClient others;
        private final Map<String, AttributeValue> model;

        Table(DynamoDbClient others, Map<String, AttributeValue> model) {
            this.others = others;
            this.model = model;
        }

        @Override
        public QueryResponse query(QueryRequest request) {
            String[] pk =
                    requireNonNull(request.expressionAttributeValues().get(":pk"))
                            .s()
                            .split("/", -1);
            boolean records = pk.length == 4 && pk[2].equals("images") && pk[3].equals(policy);
            if (!records) {
                return others.query(request);
            }
            count("Query");
            Region region = new Region(pk[1]);
            int from =
                    request.hasExclusiveStartKey()
                            ? Integer.parseInt(
                                    requireNonNull(request.exclusiveStartKey().get("at")).n())
                            : 0;
            int to = Math.min(instances * slots, from + RECORDS_A_PAGE);
            QueryResponse.Builder page =
                    QueryResponse.builder()
                            .items(
                                    IntStream.range(from, to)
                                            .mapToObj(image -> record(region, image))
                                            .toList());
            return (to < instances * slots
                            ? page.lastEvaluatedKey(Map.of("at", AttributeValue.fromN("" + to)))
                            : page)
                    .build();
        }

        private Map<String, AttributeValue> record(Region region, int image) {
            ImageName name = name(image);
            Map<String, AttributeValue> item = fresh(model);
            String account = requireNonNull(model.get("pk")).s().split("/", -1)[0];
            set(item, "pk", account + "/" + region + "/images/" + policy);
            set(item, "sk", name.instance() + "/" + name.slot());
            set(item, "gpk", account + "/instance/" + name.instance());
            set(item, "gsk", name.slot() + "/" + region + "/" + policy);
            set(item, "region", region.name());
            set(item, "name", name.toString());
            set(item, "id", ami(region, image));
            String since = name.slot().time().plus(Duration.ofMinutes(10)).toString();
            set(item, "since", since);
            set(item, "dueAt", since);
            if (!region.equals(home)) {
                set(item, "home", home + "/" + ami(home, image));
            }
            return item;
        }

        private static void set(Map<String, AttributeValue> item, String name, String value) {
            item.put(name, AttributeValue.fromS(value));
        }

        /** A response consists of objects of its own. */
        private static Map<String, AttributeValue> fresh(Map<String, AttributeValue> item) {
            Map<String, AttributeValue> copy = new HashMap<>();
            item.forEach((name, value) -> copy.put(new String(name), fresh(value)));
            return copy;
        }

        private static AttributeValue fresh(AttributeValue value) {
            return switch (value.type()) {
                case S -> AttributeValue.fromS(new String(value.s()));
                case M -> AttributeValue.fromM(fresh(value.m()));
                case L -> AttributeValue.fromL(value.l().stream().map(Table::fresh).toList());
                default -> value.toBuilder().build();
            };
        }

        @Override
        public GetItemResponse getItem(GetItemRequest request) {
            return others.getItem(request);
        }

        @Override
        public BatchGetItemResponse batchGetItem(BatchGetItemRequest request) {
            return others.batchGetItem(request);
        }

        @Override
        public PutItemResponse putItem(PutItemRequest request) {
            return others.putItem(request);
        }

        @Override
        public DeleteItemResponse deleteItem(DeleteItemRequest request) {
            return others.deleteItem(request);
        }

        @Override
        public TransactWriteItemsResponse transactWriteItems(TransactWriteItemsRequest request) {
            return others.transactWriteItems(request);
        }

        @Override
        public String serviceName() {
            return SERVICE_NAME;
        }

        @Override
        public void close() {}
    }
}
