package dev.amikeeper.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import software.amazon.awssdk.core.SdkField;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.traits.ListTrait;
import software.amazon.awssdk.core.util.SdkAutoConstructList;
import software.amazon.awssdk.core.util.SdkAutoConstructMap;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.ec2.model.Image;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.LaunchPermission;
import software.amazon.awssdk.services.ec2.model.Snapshot;
import software.amazon.awssdk.services.ec2.model.SummaryStatus;
import software.amazon.awssdk.utils.builder.Buildable;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a simulated cloud and its table hold, as JSON: written by one version, read by later ones.
 */
public final class RecordedCloud {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private RecordedCloud() {}

    /** The images, snapshots and instances of these Regions, as EC2 shows them. */
    public static ObjectNode listing(SimulatedCloud cloud, List<String> regions) {
        ObjectNode all = JSON.createObjectNode();
        all.put("now", cloud.now().toString());
        for (String region : regions) {
            ObjectNode it = all.withObjectProperty("regions").putObject(region);
            ArrayNode images = it.putArray("images");
            for (LocalImage image : cloud.images(region)) {
                ObjectNode shown = images.addObject();
                shown.set("image", json(image.image()));
                ArrayNode permissions = shown.putArray("launchPermissions");
                image.launchPermissions().forEach(each -> permissions.add(json(each)));
                image.origin().ifPresent(origin -> shown.put("origin", origin));
            }
            ArrayNode snapshots = it.putArray("snapshots");
            cloud.snapshots(region).forEach(each -> snapshots.add(json(each.snapshot())));
            ArrayNode instances = it.putArray("instances");
            cloud.instances(region).forEach(each -> instances.add(json(each.instance())));
        }
        return all;
    }

    /** A cloud that shows what was listed, at that time. */
    public static SimulatedCloud cloud(JsonNode listing) {
        SimulatedCloud cloud = new SimulatedCloud(Instant.parse(listing.get("now").asText()), 1);
        listing.get("regions")
                .forEachEntry((region, it) -> {
                    SimulatedEc2 ec2 = (SimulatedEc2) cloud.ec2(region);
                    for (JsonNode shown : it.get("snapshots")) {
                        Snapshot snapshot = object(shown, Snapshot.class, Snapshot.builder());
                        ec2.snapshots()
                                .add(
                                        new LocalSnapshot(
                                                snapshot, new TreeSet<>(), Optional.empty()));
                    }
                    for (JsonNode shown : it.get("images")) {
                        List<LaunchPermission> permissions = new ArrayList<>();
                        shown.get("launchPermissions")
                                .forEach(each ->
                                        permissions.add(
                                                object(
                                                        each,
                                                        LaunchPermission.class,
                                                        LaunchPermission.builder())));
                        ec2.images()
                                .hold(
                                        new LocalImage(
                                                object(
                                                        shown.get("image"),
                                                        Image.class,
                                                        Image.builder()),
                                                permissions,
                                                Optional.empty(),
                                                0,
                                                Instant.MIN,
                                                Optional.ofNullable(shown.get("origin"))
                                                        .map(JsonNode::asText)));
                    }
                    for (JsonNode shown : it.get("instances")) {
                        ec2.instances()
                                .add(
                                        instance(
                                                region,
                                                object(shown, Instance.class, Instance.builder())));
                    }
                });
        return cloud;
    }

    private static LocalInstance instance(String region, Instance shown) {
        return new LocalInstance(
                shown,
                "r-" + shown.instanceId(),
                Map.of(),
                0,
                SummaryStatus.OK,
                new LocalInstance.Hidden(
                        new CloudSettings.LaunchAttempt(
                                region,
                                shown.placement().availabilityZone(),
                                shown.instanceTypeAsString(),
                                shown.imageId(),
                                Optional.empty()),
                        Optional.empty(),
                        "stop",
                        0));
    }

    /** An object of the SDK, with what is set of it. */
    private static JsonNode json(Object value) {
        return switch (value) {
            case SdkPojo pojo -> {
                ObjectNode object = JSON.createObjectNode();
                for (SdkField<?> field : pojo.sdkFields()) {
                    Object its = field.getValueOrDefault(pojo);
                    if (its != null
                            && !(its instanceof SdkAutoConstructList)
                            && !(its instanceof SdkAutoConstructMap)) {
                        object.set(field.memberName(), json(its));
                    }
                }
                yield object;
            }
            case List<?> list -> {
                ArrayNode array = JSON.createArrayNode();
                list.forEach(each -> array.add(json(each)));
                yield array;
            }
            case Boolean truth -> JSON.getNodeFactory().booleanNode(truth);
            case Integer number -> JSON.getNodeFactory().numberNode(number);
            default -> JSON.getNodeFactory().textNode(value.toString());
        };
    }

    private static <T> T object(JsonNode json, Class<T> type, SdkPojo builder) {
        fill(json, builder);
        return type.cast(((Buildable) builder).build());
    }

    private static void fill(JsonNode json, SdkPojo builder) {
        for (SdkField<?> field : builder.sdkFields()) {
            JsonNode its = json.get(field.memberName());
            if (its != null) {
                field.set(builder, value(its, field));
            }
        }
    }

    private static Object value(JsonNode json, SdkField<?> field) {
        Class<?> type = field.marshallingType().getTargetClass();
        if (type.equals(SdkPojo.class)) {
            SdkPojo inner = field.constructor().get();
            fill(json, inner);
            return ((Buildable) inner).build();
        }
        if (type.equals(List.class)) {
            SdkField<?> member = field.getTrait(ListTrait.class).memberFieldInfo();
            List<Object> values = new ArrayList<>();
            json.forEach(each -> values.add(value(each, member)));
            return values;
        }
        if (type.equals(Boolean.class)) {
            return json.booleanValue();
        }
        if (type.equals(Integer.class)) {
            return json.intValue();
        }
        if (type.equals(Instant.class)) {
            return Instant.parse(json.asText());
        }
        if (type.equals(String.class)) {
            return json.asText();
        }
        throw new AssertionError("a field of " + type);
    }

    /** The items of a table in memory, in DynamoDB's own JSON. */
    public static ArrayNode items(SimulatedCloud cloud, String region, String table) {
        ArrayNode items = JSON.createArrayNode();
        for (Map<String, AttributeValue> item : cloud.tables(region).items(table)) {
            items.add(json(item));
        }
        return items;
    }

    /** Puts such items into a table in memory. */
    public static void put(JsonNode items, SimulatedCloud cloud, String region, String table) {
        cloud.tables(region).addTable(table);
        for (JsonNode item : items) {
            cloud.tables(region).putItem(put -> put.tableName(table).item(attributes(item)));
        }
    }

    private static ObjectNode json(Map<String, AttributeValue> item) {
        ObjectNode object = JSON.createObjectNode();
        new TreeMap<>(item).forEach((name, value) -> object.set(name, attribute(value)));
        return object;
    }

    private static ObjectNode attribute(AttributeValue value) {
        ObjectNode typed = JSON.createObjectNode();
        switch (value.type()) {
            case S -> typed.put("S", value.s());
            case N -> typed.put("N", value.n());
            case BOOL -> typed.put("BOOL", value.bool());
            case M -> typed.set("M", json(value.m()));
            case L -> {
                ArrayNode values = typed.putArray("L");
                value.l().forEach(each -> values.add(attribute(each)));
            }
            default -> throw new AssertionError("a value of type " + value.type());
        }
        return typed;
    }

    private static Map<String, AttributeValue> attributes(JsonNode item) {
        Map<String, AttributeValue> attributes = new HashMap<>();
        item.forEachEntry((name, value) -> attributes.put(name, attribute(value)));
        return attributes;
    }

    private static AttributeValue attribute(JsonNode typed) {
        String type = typed.fieldNames().next();
        JsonNode value = typed.get(type);
        return switch (type) {
            case "S" -> AttributeValue.fromS(value.asText());
            case "N" -> AttributeValue.fromN(value.asText());
            case "BOOL" -> AttributeValue.fromBool(value.booleanValue());
            case "M" -> AttributeValue.fromM(attributes(value));
            case "L" -> {
                List<AttributeValue> values = new ArrayList<>();
                value.forEach(each -> values.add(attribute(each)));
                yield AttributeValue.fromL(values);
            }
            default -> throw new AssertionError("a value of type " + type);
        };
    }
}
