package dev.amikeeper.queue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import dev.amikeeper.event.Kick;
import dev.amikeeper.image.Region;

import java.util.Map;
import java.util.Optional;

/**
 * A message that nobody could handle: a kick, Lambda's record of an event on which a function
 * failed, or an event that could not be delivered at all.
 *
 * @param queue the URL of the queue that contains it
 * @param receipt the receipt handle with which it is deleted
 * @param body the body of the message
 * @param attributes what EventBridge and its Scheduler say about an event they could not deliver
 * @see <a
 *     href="https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html">Lambda's
 *     records of failed invocations</a>
 * @see <a
 *     href="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html">EventBridge's
 *     attributes of undelivered events</a>
 */
public record DeadLetter(
        String queue, String receipt, String body, Map<String, String> attributes) {
    private static final ObjectMapper JSON = new ObjectMapper();

    public DeadLetter {
        attributes = Map.copyOf(attributes);
    }

    /** The ARN of the function that should have handled it; empty for a kick. */
    public Optional<String> function() {
        return text("requestContext", "functionArn")
                .or(() -> Optional.ofNullable(attributes.get("TARGET_ARN")))
                .filter(arn -> arn.matches("arn:[^:]+:lambda:.+:function:.+"));
    }

    /** What went wrong; empty if that is unknown. */
    public String error() {
        return text("responsePayload", "errorMessage")
                .or(() -> text("requestContext", "condition"))
                .or(() -> Optional.ofNullable(attributes.get("ERROR_MESSAGE")))
                .or(() -> Optional.ofNullable(attributes.get("ERROR_CODE")))
                .orElse("");
    }

    /** The event that the function should have handled. */
    public String event() {
        JsonNode payload = json().path("requestPayload");
        return payload.isMissingNode() ? body : payload.toString();
    }

    /** The Region of a kick; empty if it is not a kick. */
    public Optional<Region> kick() {
        return Kick.of(receipt, body).map(Kick::region);
    }

    private Optional<String> text(String part, String name) {
        return Optional.of(json().path(part).path(name))
                .filter(JsonNode::isTextual)
                .map(JsonNode::asText);
    }

    private JsonNode json() {
        try {
            return JSON.readTree(body);
        } catch (JsonProcessingException noJson) {
            return JSON.missingNode();
        }
    }
}
