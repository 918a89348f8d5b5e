package dev.amikeeper.retention;

import dev.amikeeper.Application;
import dev.amikeeper.ShortContext;
import dev.amikeeper.TestDeployment;
import dev.amikeeper.ec2.SideBySide;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Slot;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.QueryRequest;
import software.amazon.awssdk.services.dynamodb.model.QueryResponse;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.DeleteSnapshotRequest;
import software.amazon.awssdk.services.ec2.model.DeleteSnapshotResponse;
import software.amazon.awssdk.services.ec2.model.DeregisterImageRequest;
import software.amazon.awssdk.services.ec2.model.DeregisterImageResponse;
import software.amazon.awssdk.services.ec2.model.DescribeFleetsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeFleetsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeImageAttributeRequest;
import software.amazon.awssdk.services.ec2.model.DescribeImageAttributeResponse;
import software.amazon.awssdk.services.ec2.model.DescribeImageReferencesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeImageReferencesResponse;
import software.amazon.awssdk.services.ec2.model.DescribeImagesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeImagesResponse;
import software.amazon.awssdk.services.ec2.model.DescribeInstancesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeInstancesResponse;
import software.amazon.awssdk.services.ec2.model.DescribeLaunchTemplatesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeLaunchTemplatesResponse;
import software.amazon.awssdk.services.ec2.model.DescribeLockedSnapshotsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeLockedSnapshotsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeSnapshotsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeSnapshotsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeSpotFleetRequestsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeSpotFleetRequestsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeSpotInstanceRequestsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeSpotInstanceRequestsResponse;
import software.amazon.awssdk.services.ec2.model.Image;
import software.amazon.awssdk.services.ec2.model.Tag;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Prunes three Regions with 50,000 images each, of 10,000 instances, with 13 tags on each image.
 * The images and their records are made up while they are read, so that the heap holds only what
 * the pruner keeps of them. Asserts nothing: it is run with a small heap ({@code -Xmx700m}) by
 * hand.
 */
final class PruneMemoryBenchmark {
    private static final int IMAGES = 50_000;
    private static final int INSTANCES = 10_000;
    private static final int PAGE = 1_000;
    private static final Instant NOW = Instant.parse("2026-06-01T04:00:00Z");

    @Test
    void threeRegionsOf50000Images() {
        TestDeployment given =
                new TestDeployment(
                        """
                        policies:
                          gold:
                            select: {tags: {backup: gold}, regions: [us-east-1, us-west-2, eu-west-1]}
                            schedule: {cron: "0 2 * * *"}
                            keep: {last: 3}
                        """);
        given.instance("web-1");
        given.nights(1);
        Map<String, AttributeValue> record = recordOf(given);
        given.cloud.advanceTo(NOW);
        Application app = given.deployment.application();
        DynamoDbClient table =
                proxy(
                        DynamoDbClient.class,
                        given.cloud.tables(TestDeployment.EAST),
                        request ->
                                request instanceof QueryRequest query ? page(query, record) : null);
        Application big =
                Application.of(
                        app.settings(),
                        app.policies(),
                        new Application.Cloud(
                                region -> new Big(given.ec2(region.name())),
                                region -> given.cloud.autoScaling(region.name()),
                                region -> given.cloud.ssm(region.name()),
                                _ -> given.cloud.iam(),
                                table,
                                given.cloud.sqs(TestDeployment.EAST),
                                given.cloud.sns(TestDeployment.EAST),
                                given.cloud.clock(),
                                given.cloud::advance,
                                new Random(1),
                                SideBySide.ONE_BY_ONE));
        long began = System.nanoTime();
        PruneReport report =
                new PruneHandler(big)
                        .handleRequest(
                                Map.of(),
                                ShortContext.after(6_000, given.context("PruneFunction")));
        Runtime runtime = Runtime.getRuntime();
        System.out.printf(
                "%s%n%d ms; heap in use %d MB of at most %d%n",
                report.counts(),
                (System.nanoTime() - began) / 1_000_000,
                (runtime.totalMemory() - runtime.freeMemory()) >> 20,
                runtime.maxMemory() >> 20);
    }

    private static Map<String, AttributeValue> recordOf(TestDeployment given) {
        return given.cloud
                .tables(TestDeployment.EAST)
                .query(query ->
                        query.tableName(given.deployment.application().settings().table())
                                .keyConditionExpression("pk = :pk")
                                .expressionAttributeValues(
                                        Map.of(
                                                ":pk",
                                                AttributeValue.fromS(
                                                        "123456789012/us-east-1/images/gold"))))
                .items()
                .getFirst();
    }

    /** EC2 with many more images. */
    private record Big(Ec2Client ec2) implements Ec2Client {
        @Override
        public DescribeImagesResponse describeImages(DescribeImagesRequest ask) {
            return page(ask);
        }

        @Override
        public DescribeInstancesResponse describeInstances(DescribeInstancesRequest ask) {
            return ec2.describeInstances(ask);
        }

        @Override
        public DescribeLaunchTemplatesResponse describeLaunchTemplates(
                DescribeLaunchTemplatesRequest ask) {
            return ec2.describeLaunchTemplates(ask);
        }

        @Override
        public DescribeSpotInstanceRequestsResponse describeSpotInstanceRequests(
                DescribeSpotInstanceRequestsRequest ask) {
            return ec2.describeSpotInstanceRequests(ask);
        }

        @Override
        public DescribeSpotFleetRequestsResponse describeSpotFleetRequests(
                DescribeSpotFleetRequestsRequest ask) {
            return ec2.describeSpotFleetRequests(ask);
        }

        @Override
        public DescribeFleetsResponse describeFleets(DescribeFleetsRequest ask) {
            return ec2.describeFleets(ask);
        }

        @Override
        public DescribeLockedSnapshotsResponse describeLockedSnapshots(
                DescribeLockedSnapshotsRequest ask) {
            return ec2.describeLockedSnapshots(ask);
        }

        @Override
        public DescribeImageAttributeResponse describeImageAttribute(
                DescribeImageAttributeRequest ask) {
            return ec2.describeImageAttribute(ask);
        }

        @Override
        public DescribeImageReferencesResponse describeImageReferences(
                DescribeImageReferencesRequest ask) {
            return ec2.describeImageReferences(ask);
        }

        @Override
        public DescribeSnapshotsResponse describeSnapshots(DescribeSnapshotsRequest ask) {
            return ec2.describeSnapshots(ask);
        }

        @Override
        public DeregisterImageResponse deregisterImage(DeregisterImageRequest ask) {
            return ec2.deregisterImage(ask);
        }

        @Override
        public DeleteSnapshotResponse deleteSnapshot(DeleteSnapshotRequest ask) {
            return ec2.deleteSnapshot(ask);
        }

        @Override
        public String serviceName() {
            return ec2.serviceName();
        }

        @Override
        public void close() {}
    }

    private interface Answer {
        @Nullable Object to(Object request);
    }

    /** Answers some requests itself. */
    private static <T> T proxy(Class<T> type, T real, Answer answer) {
        InvocationHandler handler =
                (self, method, args) -> {
                    Object[] given = args == null ? new Object[0] : args;
                    if (method.getName().endsWith("Paginator")
                            || (given.length == 1 && given[0] instanceof Consumer<?>)) {
                        return InvocationHandler.invokeDefault(self, method, given);
                    }
                    Object own = given.length == 1 ? answer.to(given[0]) : null;
                    return own == null ? call(method, real, given) : own;
                };
        return type.cast(
                Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    private static Object call(Method method, Object real, Object[] given) throws Throwable {
        try {
            return method.invoke(real, given);
        } catch (InvocationTargetException failed) {
            throw Objects.requireNonNull(failed.getCause());
        }
    }

    private static DescribeImagesResponse page(DescribeImagesRequest ask) {
        List<Integer> wanted =
                ask.filters().stream()
                        .filter(filter -> filter.name().equals("image-id"))
                        .flatMap(filter -> filter.values().stream())
                        .map(id -> Integer.parseInt(id.substring("ami-0".length()), 16))
                        .toList();
        if (!wanted.isEmpty()) {
            return DescribeImagesResponse.builder()
                    .images(wanted.stream().map(PruneMemoryBenchmark::image).toList())
                    .build();
        }
        int from = ask.nextToken() == null ? 0 : Integer.parseInt(ask.nextToken());
        int to = Math.min(IMAGES, from + PAGE);
        return DescribeImagesResponse.builder()
                .images(IntStream.range(from, to).mapToObj(PruneMemoryBenchmark::image).toList())
                .nextToken(to == IMAGES ? null : Integer.toString(to))
                .build();
    }

    private static String id(int n) {
        return "ami-0%016x".formatted(n);
    }

    private static ImageName name(int n) {
        return new ImageName(
                "gold",
                new InstanceId("i-0%016x".formatted(n % INSTANCES)),
                new Slot(NOW.minus(Duration.ofDays(1 + n / INSTANCES))));
    }

    private static Image image(int n) {
        ImageName name = name(n);
        List<Tag> tags = new ArrayList<>();
        ImageTags.of(name, Optional.empty(), Map.of(), List.of())
                .forEach((key, value) -> tags.add(tag(key, value)));
        for (int i = 0; i < 10; i++) {
            tags.add(tag("department-" + i, "a value of some length " + n));
        }
        return Image.builder()
                .imageId(id(n))
                .name(name.toString())
                .state("available")
                .creationDate(name.slot().time().toString())
                .tags(tags)
                .blockDeviceMappings(device("/dev/xvda", n, 0), device("/dev/sdf", n, 1))
                .build();
    }

    private static Tag tag(String key, String value) {
        return Tag.builder().key(copy(key)).value(value).build();
    }

    /** What is read over the network is never the same object twice. */
    private static String copy(String text) {
        return String.valueOf(text.toCharArray());
    }

    private static BlockDeviceMapping device(String name, int n, int volume) {
        return BlockDeviceMapping.builder()
                .deviceName(name)
                .ebs(ebs -> ebs.snapshotId("snap-0%015x%d".formatted(n, volume)).volumeSize(8))
                .build();
    }

    private static @Nullable QueryResponse page(
            QueryRequest query, Map<String, AttributeValue> record) {
        String pk =
                query.expressionAttributeValues().getOrDefault(":pk", AttributeValue.fromS("")).s();
        if (!pk.endsWith("/images/gold")) {
            return null;
        }
        String region = pk.split("/", -1)[1];
        AttributeValue last = query.exclusiveStartKey().get("at");
        int from = last == null ? 0 : Integer.parseInt(last.n());
        int to = Math.min(IMAGES, from + PAGE);
        return QueryResponse.builder()
                .items(
                        IntStream.range(from, to)
                                .mapToObj(n -> record(record, pk, region, n))
                                .toList())
                .lastEvaluatedKey(
                        to == IMAGES
                                ? Map.of()
                                : Map.of("at", AttributeValue.fromN(Integer.toString(to))))
                .build();
    }

    private static Map<String, AttributeValue> record(
            Map<String, AttributeValue> like, String pk, String region, int n) {
        ImageName name = name(n);
        Map<String, AttributeValue> item = new HashMap<>(like);
        item.put("pk", AttributeValue.fromS(pk));
        item.put("sk", AttributeValue.fromS(name.instance() + "/" + name.slot()));
        item.put("gpk", AttributeValue.fromS("123456789012/instance/" + name.instance()));
        item.put("gsk", AttributeValue.fromS(name.slot() + "/" + region + "/gold"));
        item.put("name", AttributeValue.fromS(name.toString()));
        item.put("region", AttributeValue.fromS(region));
        item.put("id", AttributeValue.fromS(id(n)));
        Map<String, AttributeValue> capsule = new HashMap<>();
        Objects.requireNonNull(like.get("capsule"))
                .m()
                .forEach((key, value) ->
                        capsule.put(copy(key), AttributeValue.fromS(copy(value.s()))));
        item.put("capsule", AttributeValue.fromM(capsule));
        return item;
    }
}
