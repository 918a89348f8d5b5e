package dev.amikeeper.event;

import com.amazonaws.services.lambda.runtime.Context;

import dev.amikeeper.image.Sha256;
import dev.amikeeper.image.Texts;

import java.util.Optional;

/**
 * Where to look in CloudTrail for who gave an order. An event's own text proves nothing, because
 * its sender writes it.
 *
 * @param event the event's id, which is in the response of a {@code PutEvents}; empty if there is
 *     none
 * @param request the request id of the function's call, which is that of an {@code Invoke}
 * @param claimed who the order says gave it; empty if it does not say
 * @see <a
 *     href="https://docs.aws.amazon.com/eventbridge/latest/userguide/logging-using-cloudtrail.html">EventBridge
 *     in CloudTrail</a>
 * @see <a href="https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html">Lambda
 *     in CloudTrail</a>
 */
public record Trail(String event, String request, Optional<String> claimed) {
    /** The length to which a text that somebody wrote is cut. */
    private static final int MOST = 100;

    private static final int KEY = 12;

    /**
     * Returns the trail of an order.
     *
     * @throws MalformedEventException if {@code by} is not a text
     */
    public static Trail of(Event event, Context context) throws MalformedEventException {
        return new Trail(
                bounded(event.id()),
                bounded(Optional.ofNullable(context.getAwsRequestId()).orElse("")),
                event.onlyText("by").filter(by -> !by.isBlank()).map(Trail::bounded));
    }

    private static String bounded(String text) {
        String plain = Texts.plain(text);
        return plain.length() <= MOST ? plain : plain.substring(0, MOST) + "…";
    }

    /** The same for the same order, even if it is delivered twice; part of keys. */
    public String key() {
        return Sha256.of(id()).substring(0, KEY);
    }

    /** Distinguishes one order from another. */
    public String id() {
        return event.isEmpty() ? request : event;
    }

    /** The trail as text for people, as {@code an order (event 0b1c…, request 7f2a…)}. */
    @Override
    public String toString() {
        return "an order ("
                + (event.isEmpty() ? "" : "event " + event + ", ")
                + "request "
                + request
                + claimed.map(by -> ", which claims to be by " + Texts.quoted(by)).orElse("")
                + ")";
    }
}
