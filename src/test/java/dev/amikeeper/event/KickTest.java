package dev.amikeeper.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amikeeper.image.Region;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

final class KickTest {
    private static final Region WEST = new Region("us-west-2");
    private static final Instant NOW = Instant.parse("2026-03-01T02:00:05Z");

    @ParameterizedTest
    @CsvSource({
        "create-kick.json, 11d6ee51-4cc7-4302-9e22-7cd8afdaadf5, us-east-1, 2026-03-01T02:00:00Z",
        "copy-kick.json, 21d6ee51-4cc7-4302-9e22-7cd8afdaadf5, us-west-2, 2026-03-01T02:06:11Z"
    })
    void isReadFromADeliveryOfSqs(String file, String messageId, Region region, Instant at)
            throws Exception {
        Kick.Batch batch = Kick.batch(Samples.delivery(file));

        assertThat(batch.malformed()).isEmpty();
        assertThat(batch.kicks())
                .singleElement()
                .satisfies(kick -> {
                    assertThat(kick.messageId()).isEqualTo(messageId);
                    assertThat(kick.region()).isEqualTo(region);
                    assertThat(kick.at()).contains(at);
                    assertThat(kick.handover()).isEqualTo(Handover.NONE);
                    assertThat(kick.delivery().receipt()).startsWith("AQEBBX8nesZEXmkhsmZeyIE8");
                    assertThat(kick.delivery().receives()).isEqualTo(1);
                });
    }

    @Test
    void tellsTheNextWorkerWhatTheLastOneLeft() throws Exception {
        Kick kick = Kick.batch(Samples.delivery("copy-kick-level.json")).kicks().getFirst();

        assertThat(kick.handover())
                .isEqualTo(
                        new Handover(
                                Map.of("CopyImage", 3.5),
                                Optional.of(
                                        new Handover.Ceiling(
                                                250, Instant.parse("2026-03-01T02:30:00Z")))));
        assertThat(kick.delivery().receives()).isEqualTo(2);
        assertThat(Kick.body(kick.region(), kick.at().orElseThrow(), kick.handover()))
                .isEqualTo(
                        "{\"region\":\"us-west-2\",\"at\":\"2026-03-01T02:06:19Z\","
                                + "\"tokens\":{\"CopyImage\":3.5},"
                                + "\"limit\":{\"copies\":250,\"until\":\"2026-03-01T02:30:00Z\"}}");
    }

    @Test
    void roundsTokensDown() {
        assertThat(
                        Kick.body(
                                WEST,
                                NOW,
                                new Handover(
                                        Map.of("CopyImage", 7.19, "CreateImage", -0.01),
                                        Optional.empty())))
                .endsWith("\"tokens\":{\"CopyImage\":7.1,\"CreateImage\":-0.1}}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"tokens\":7",
                "\"tokens\":[3]",
                "\"tokens\":null",
                "\"tokens\":{\"CopyImage\":\"many\"}",
                "\"tokens\":{\"CopyImage\":{}}",
                "\"limit\":250",
                "\"limit\":{\"copies\":250}",
                "\"limit\":{\"copies\":-1,\"until\":\"2026-03-01T02:30:00Z\"}",
                "\"limit\":{\"copies\":2.5,\"until\":\"2026-03-01T02:30:00Z\"}",
                "\"limit\":{\"copies\":250,\"until\":\"soon\"}"
            })
    void whatItTellsIsLeftOutWhereItCannotBeRead(String told) throws Exception {
        String body = Kick.body(WEST, NOW);
        assertThat(batch(body.substring(0, body.length() - 1) + "," + told + "}").kicks())
                .containsExactly(new Kick("message-0", WEST, Optional.of(NOW)));
    }

    @Test
    void aKickWithoutATimeTellsNothing() throws Exception {
        assertThat(batch("{\"region\":\"us-west-2\",\"tokens\":{\"CopyImage\":3}}").kicks())
                .containsExactly(new Kick("message-0", WEST, Optional.empty()));
    }

    @Test
    void hasTheTimeOfItsMessageWhereItHasNone() throws Exception {
        Map<String, Object> message =
                Map.of(
                        "messageId", "m",
                        "body", "{\"region\":\"us-west-2\"}",
                        "attributes", Map.of("SentTimestamp", "1772330405000"));

        assertThat(Kick.batch(Samples.delivery(Map.of("Records", List.of(message)))).kicks())
                .containsExactly(new Kick("m", WEST, Optional.of(NOW)));
    }

    @Test
    void isReadAsItIsSent() throws Exception {
        assertThat(batch(Kick.body(WEST, NOW)).kicks())
                .containsExactly(new Kick("message-0", WEST, Optional.of(NOW)));
    }

    @Test
    void mayHaveMoreFields() throws Exception {
        assertThat(batch("{\"by\":{\"who\":\"me\"},\"region\":\"us-west-2\",\"n\":[1]}").kicks())
                .containsExactly(new Kick("message-0", WEST, Optional.empty()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "kick",
                "null",
                "7",
                "[\"us-west-2\"]",
                "\"us-west-2\"",
                "{}",
                "{\"region\":\"\"}",
                "{\"region\":null}",
                "{\"region\":7}",
                "{\"region\":[\"us-west-2\"]}",
                "{\"region\":\"mars\"}",
                "{\"region\":\"us-west-2\"",
                "{\"region\":\"us-west-2\",\"at\":\"now\"}"
            })
    void isReadFromGoodMessagesAmongBadOnes(String bad) throws Exception {
        Kick.Batch batch = batch(Kick.body(WEST, NOW), bad, "{\"region\":\"eu-west-1\"}");

        assertThat(batch.kicks())
                .containsExactly(
                        new Kick("message-0", WEST, Optional.of(NOW)),
                        new Kick("message-2", new Region("eu-west-1"), Optional.empty()));
        assertThat(batch.malformed())
                .containsExactly(
                        "body: a kick must look like {\"region\":\"us-west-2\"}, not \""
                                + bad
                                + "\"");
    }

    @Test
    void isNotReadFromAMessageWithoutIdOrBody() throws Exception {
        Map<String, Object> input =
                Map.of(
                        "Records",
                        List.of(Map.of("body", Kick.body(WEST, NOW)), Map.of("messageId", "1")));

        Kick.Batch batch = Kick.batch(Samples.delivery(input));

        assertThat(batch.kicks()).isEmpty();
        assertThat(batch.malformed())
                .hasSize(2)
                .containsOnly("Records: a message must have a messageId and a body");
    }

    @Test
    void showsWhatIsWrongOnOneBoundedLine() throws Exception {
        assertThat(batch("a\nb" + "x".repeat(100_000)).malformed())
                .singleElement()
                .satisfies(line -> assertThat(line).contains("\"a?bxxx").hasSizeLessThan(300));
    }

    @Test
    void isInNoEmptyDelivery() throws Exception {
        assertThat(Kick.batch(Samples.delivery(Map.of("Records", List.of()))))
                .isEqualTo(new Kick.Batch(List.of(), List.of()));
    }

    @Test
    void isNotReadFromWhatIsNoDelivery() {
        Map<String, Object> nothing = new HashMap<>();
        nothing.put("Records", null);
        for (Map<String, Object> input : List.of(Map.<String, Object>of(), nothing)) {
            assertThatThrownBy(() -> Kick.batch(Samples.delivery(input)))
                    .isInstanceOf(MalformedEventException.class)
                    .hasMessage("Records: must be present, as SQS delivers them");
        }
    }

    private static Kick.Batch batch(String... bodies) throws MalformedEventException {
        List<Map<String, Object>> messages =
                Stream.iterate(0, i -> i < bodies.length, i -> i + 1)
                        .map(i ->
                                Map.<String, Object>of(
                                        "messageId", "message-" + i, "body", bodies[i]))
                        .toList();
        return Kick.batch(Samples.delivery(Map.of("Records", messages)));
    }
}
