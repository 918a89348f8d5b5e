package dev.amikeeper.local;

import dev.amikeeper.event.OrderKind;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Texts;
import dev.amikeeper.policy.Policies;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The template's rules and the inputs of its schedules. */
final class StackEvents {
    private StackEvents() {}

    /**
     * The functions that the template's rules call for an event on the home bus.
     *
     * @throws IllegalArgumentException if it is an order of an unknown kind
     */
    static List<String> functions(Map<String, Object> event, Policies policies) {
        Map<?, ?> detail = event.get("detail") instanceof Map<?, ?> fields ? fields : Map.of();
        if (OrderKind.SOURCE.equals(event.get("source"))) {
            return List.of(carriesOut(String.valueOf(event.get("detail-type"))));
        }
        return switch (event.get("source") + ": " + event.get("detail-type")) {
            case "aws.ec2: EC2 AMI State Change" -> List.of("ImageStateFunction");
            case "aws.ec2: EC2 Instance State-change Notification" ->
                    switch (String.valueOf(detail.get("state"))) {
                        case "stopped" -> List.of("RequestFunction");
                        case "running", "terminated" -> List.of("RestoreFunction");
                        default -> List.of();
                    };
            case "aws.tag: Tag Change on Resource" ->
                    detail.get("changed-tag-keys") instanceof List<?> keys
                                    && keys.contains(ImageTags.REQUEST)
                            ? List.of("RequestFunction")
                            : List.of();
            case "aws.ssm: EC2 Command Invocation Status-change Notification" ->
                    // The template turns this rule off if no policy has a command.
                    policies.all().stream().anyMatch(p -> p.image().around().isPresent())
                            ? List.of("RequestFunction")
                            : List.of();
            // No rule of the template listens to it.
            default -> List.of();
        };
    }

    /** The function that the template's rules call for an order. */
    private static String carriesOut(String detailType) {
        OrderKind kind =
                OrderKind.of(OrderKind.SOURCE, detailType)
                        .orElseThrow(() ->
                                new IllegalArgumentException(
                                        Texts.quoted(detailType)
                                                + " is not an order, and no rule takes it"));
        return switch (kind) {
            case BACKUP -> "RequestFunction";
            case RESTORE -> "RestoreFunction";
            case DEREGISTER, SHARE, UNSHARE, ADOPT, REGISTER, STORE, FETCH -> "OperateFunction";
        };
    }

    /** The event of a schedule of this name, as the template defines its input. */
    static Map<String, Object> scheduled(Region home, String name, Instant at) {
        String id = "scheduled-" + name + "-" + at;
        Map<String, Object> event = event(id, "Scheduled Event", "aws.scheduler", at, home);
        event.put(
                "resources",
                List.of(
                        "arn:aws:scheduler:%s:%s:schedule/default/%s"
                                .formatted(home, SimulatedCloud.ACCOUNT, name)));
        return event;
    }

    /** An event without detail. */
    static Map<String, Object> event(
            String id, String what, String source, Instant at, Region region) {
        Map<String, Object> event = new TreeMap<>();
        event.put("version", "0");
        event.put("id", id);
        event.put("detail-type", what);
        event.put("source", source);
        event.put("account", SimulatedCloud.ACCOUNT);
        event.put("time", at.toString());
        event.put("region", region.name());
        event.put("resources", List.of());
        event.put("detail", Map.of());
        return event;
    }
}
