package dev.amikeeper.local;

import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.sns.SnsClient;
import software.amazon.awssdk.services.sns.model.GetTopicAttributesRequest;
import software.amazon.awssdk.services.sns.model.GetTopicAttributesResponse;
import software.amazon.awssdk.services.sns.model.NotFoundException;
import software.amazon.awssdk.services.sns.model.PublishRequest;
import software.amazon.awssdk.services.sns.model.PublishResponse;
import software.amazon.awssdk.services.sns.model.SnsException;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** SNS in one Region. It keeps what was published. */
public final class SimulatedSns implements SnsClient {
    private static final Calls.Errors ERRORS = new Errors();

    private final String region;
    private final CloudCore core;
    private final Calls calls;
    private final Set<String> topics = new HashSet<>();
    private int confirmed = 1;
    private int pending;
    private final List<Published> published = new ArrayList<>();

    SimulatedSns(String region, CloudCore core, Calls calls) {
        this.region = region;
        this.core = core;
        this.calls = calls;
    }

    /** A message that was published. */
    public record Published(Instant at, PublishRequest message) {}

    /**
     * Adds a topic.
     *
     * @return its ARN
     */
    public String addTopic(String name) {
        String arn = "arn:aws:sns:%s:%s:%s".formatted(region, core.account(), name);
        return calls.alone(() -> {
            topics.add(arn);
            return arn;
        });
    }

    @Override
    public PublishResponse publish(PublishRequest request) {
        return calls.run(
                new Calls.Action("Publish", region),
                Optional.empty(),
                ERRORS,
                () -> {
                    require(request.topicArn());
                    published.add(new Published(core.timeline().instant(), request));
                    return PublishResponse.builder().messageId(core.ids().uuid()).build();
                });
    }

    /** Sets how many subscriptions of each topic are confirmed and how many are pending. */
    public void subscriptions(int nowConfirmed, int nowPending) {
        calls.alone(() -> {
            confirmed = nowConfirmed;
            pending = nowPending;
            return nowConfirmed;
        });
    }

    /** Deletes all topics, as somebody might. */
    public void removeTopics() {
        calls.alone(() -> topics.removeIf(_ -> true));
    }

    @Override
    public GetTopicAttributesResponse getTopicAttributes(GetTopicAttributesRequest request) {
        return calls.run(
                new Calls.Action("GetTopicAttributes", region),
                Optional.empty(),
                ERRORS,
                () -> {
                    require(request.topicArn());
                    return GetTopicAttributesResponse.builder()
                            .attributes(
                                    Map.of(
                                            "TopicArn",
                                            request.topicArn(),
                                            "SubscriptionsConfirmed",
                                            "" + confirmed,
                                            "SubscriptionsPending",
                                            "" + pending,
                                            "SubscriptionsDeleted",
                                            "0"))
                            .build();
                });
    }

    private void require(String topic) {
        if (!topics.contains(topic)) {
            throw NotFoundException.builder()
                    .statusCode(404)
                    .message("Topic does not exist")
                    .awsErrorDetails(Errors.details("NotFound"))
                    .build();
        }
    }

    /** Everything that was published, oldest first. */
    public List<Published> published() {
        return calls.alone(() -> List.copyOf(published));
    }

    @Override
    public String serviceName() {
        return SERVICE_NAME;
    }

    @Override
    public void close() {}

    private static final class Errors implements Calls.Errors {
        @Override
        public AwsServiceException throttled() {
            return error("Throttled", 429, "Rate exceeded");
        }

        @Override
        public AwsServiceException error(String code, int status, String message) {
            SnsException.Builder error = SnsException.builder();
            error.statusCode(status).message(message).awsErrorDetails(details(code));
            return error.build();
        }

        static AwsErrorDetails details(String code) {
            return AwsErrorDetails.builder().serviceName("Sns").errorCode(code).build();
        }
    }
}
