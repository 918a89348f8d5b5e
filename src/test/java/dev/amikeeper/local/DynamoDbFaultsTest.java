package dev.amikeeper.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbException;
import software.amazon.awssdk.services.dynamodb.model.ProvisionedThroughputExceededException;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

final class DynamoDbFaultsTest {
    private static final String HOME = "us-east-1";

    private final SimulatedCloud cloud =
            new SimulatedCloud(Instant.parse("2026-03-01T00:00:00Z"), 1);
    private final EmptyAnswers answers = new EmptyAnswers();
    private final DynamoDbClient dynamoDb =
            DynamoDbClient.builder()
                    .region(Region.US_EAST_1)
                    .credentialsProvider(AnonymousCredentialsProvider.create())
                    .httpClient(answers)
                    .overrideConfiguration(o -> o.addExecutionInterceptor(cloud.dynamoDb(HOME)))
                    .build();

    @AfterEach
    void close() {
        dynamoDb.close();
    }

    @Test
    void callsAreCountedWithThoseOfTheCloud() {
        dynamoDb.listTables();

        assertThat(cloud.calls(HOME)).containsEntry("ListTables", 1);
    }

    @Test
    void aCallerKilledBeforeACallSendsNothing() {
        cloud.faults().calls("ListTables").killBefore();

        assertThatThrownBy(dynamoDb::listTables).isInstanceOf(CallerKilled.class);
        assertThat(answers.count).isZero();
    }

    @Test
    void aCallerKilledAfterACallHasSentIt() {
        cloud.faults().calls("ListTables").killAfter();

        assertThatThrownBy(dynamoDb::listTables).isInstanceOf(CallerKilled.class);
        assertThat(answers.count).isEqualTo(1);
    }

    @Test
    void aCallWhoseReplyIsLostWasSentOnce() {
        cloud.faults().calls("ListTables").loseReply();

        assertThatThrownBy(dynamoDb::listTables).isInstanceOf(SdkClientException.class);
        assertThat(answers.count).isEqualTo(1);
    }

    @Test
    void errorsAreDynamoDbsOwn() {
        cloud.faults().calls("ListTables").error("AccessDeniedException", 400);
        assertThatThrownBy(dynamoDb::listTables)
                .isInstanceOfSatisfying(
                        DynamoDbException.class,
                        e ->
                                assertThat(e.awsErrorDetails().errorCode())
                                        .isEqualTo("AccessDeniedException"));

        cloud.faults().calls("ListTables").throttle();
        assertThatThrownBy(dynamoDb::listTables)
                .isInstanceOf(ProvisionedThroughputExceededException.class);
        assertThat(answers.count).isZero();
    }

    /** Answers every request with an empty object. */
    private static final class EmptyAnswers implements SdkHttpClient {
        private int count;

        @Override
        public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
            return new ExecutableHttpRequest() {
                @Override
                public HttpExecuteResponse call() {
                    count++;
                    byte[] body = "{}".getBytes(StandardCharsets.UTF_8);
                    return HttpExecuteResponse.builder()
                            .response(SdkHttpResponse.builder().statusCode(200).build())
                            .responseBody(
                                    AbortableInputStream.create(new ByteArrayInputStream(body)))
                            .build();
                }

                @Override
                public void abort() {}
            };
        }

        @Override
        public void close() {}
    }
}
