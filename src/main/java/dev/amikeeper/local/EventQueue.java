package dev.amikeeper.local;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.UUID;

/** The events that AWS sends to EventBridge, in AWS's format, as parsed JSON. */
final class EventQueue {
    private final String account;
    private final Timeline timeline;
    private final Ids ids;
    private final Faults faults;
    private final CloudSettings settings;
    private final Queue<Map<String, Object>> ready = new ArrayDeque<>();

    EventQueue(String account, Timeline timeline, Ids ids, Faults faults, CloudSettings settings) {
        this.account = account;
        this.timeline = timeline;
        this.ids = ids;
        this.faults = faults;
        this.settings = settings;
    }

    /** Sent when an AMI becomes available, failed, deregistered or disabled. */
    void imageState(String region, String image, String state, String errorMessage) {
        Map<String, Object> detail = new LinkedHashMap<>();
        detail.put("RequestId", ids.uuid());
        detail.put("ImageId", image);
        detail.put("State", state);
        detail.put("ErrorMessage", errorMessage);
        Map<String, Object> head = Map.of("version", "0");
        send(
                head,
                "aws.ec2",
                "EC2 AMI State Change",
                region,
                "arn:aws:ec2:" + region + "::image/" + image,
                detail);
    }

    /** Sent at each state of an instance. AWS's own sample has no {@code version}. */
    void instanceState(String region, String instance, String state) {
        Map<String, Object> detail = new LinkedHashMap<>();
        detail.put("instance-id", instance);
        detail.put("state", state);
        send(
                Map.of(),
                "aws.ec2",
                "EC2 Instance State-change Notification",
                region,
                arn(region, "instance", instance),
                detail);
    }

    /**
     * Sent when a command ends on an instance.
     *
     * @param requested in ISO 8601
     */
    void commandEnded(
            String region,
            String instance,
            String command,
            String document,
            String requested,
            String status) {
        Map<String, Object> detail = new LinkedHashMap<>();
        detail.put("command-id", command);
        detail.put("document-name", document);
        detail.put("instance-id", instance);
        detail.put("requested-date-time", requested);
        detail.put("status", status);
        // The id is derived from the command, so that these events change no other id of the
        // cloud.
        String id =
                UUID.nameUUIDFromBytes((command + status).getBytes(StandardCharsets.UTF_8))
                        .toString();
        send(
                Map.of("version", "0"),
                id,
                "aws.ssm",
                "EC2 Command Invocation Status-change Notification",
                region,
                arn(region, "instance", instance),
                detail);
    }

    /** Sent when tags are set or removed. A removed tag is only among the changed keys. */
    void tagChange(
            String region,
            String kind,
            String id,
            List<String> changed,
            Map<String, String> tags,
            int version) {
        Map<String, Object> detail = new LinkedHashMap<>();
        detail.put("changed-tag-keys", List.copyOf(changed));
        detail.put("tags", Collections.unmodifiableMap(new TreeMap<>(tags)));
        detail.put("service", "ec2");
        detail.put("resource-type", kind);
        detail.put("version", version);
        Map<String, Object> head = Map.of("version", "0");
        send(head, "aws.tag", "Tag Change on Resource", region, arn(region, kind, id), detail);
    }

    synchronized List<Map<String, Object>> takeReady() {
        List<Map<String, Object>> taken = List.copyOf(ready);
        ready.clear();
        return taken;
    }

    synchronized boolean hasReady() {
        return !ready.isEmpty();
    }

    private String arn(String region, String kind, String id) {
        return "arn:aws:ec2:%s:%s:%s/%s".formatted(region, account, kind, id);
    }

    private void send(
            Map<String, Object> head,
            String source,
            String detailType,
            String region,
            String resource,
            Map<String, Object> detail) {
        send(head, ids.uuid(), source, detailType, region, resource, detail);
    }

    private void send(
            Map<String, Object> head,
            String id,
            String source,
            String detailType,
            String region,
            String resource,
            Map<String, Object> detail) {
        Map<String, Object> event = new LinkedHashMap<>(head);
        event.put("id", id);
        event.put("detail-type", detailType);
        event.put("source", source);
        event.put("account", account);
        event.put(
                "time",
                timeline.instant()
                        .plus(settings.eventClock())
                        .truncatedTo(ChronoUnit.SECONDS)
                        .toString());
        event.put("region", region);
        event.put("resources", List.of(resource));
        event.put("detail", Collections.unmodifiableMap(detail));
        Map<String, Object> sent = Collections.unmodifiableMap(event);
        for (Duration wait : faults.deliveries(detailType, region)) {
            timeline.in(wait, () -> deliver(sent));
        }
    }

    private synchronized void deliver(Map<String, Object> event) {
        ready.add(event);
    }
}
