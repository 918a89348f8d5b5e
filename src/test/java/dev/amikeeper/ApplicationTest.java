package dev.amikeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;

import dev.amikeeper.ec2.Fault;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.InvalidPolicyException;
import dev.amikeeper.policy.Policy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.Ec2Exception;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

final class ApplicationTest {
    private static final Region HOME = new Region("eu-west-1");

    @Test
    void readsThePoliciesThatItShips() {
        assertThat(Application.readPolicies(from("classpath:policies.yaml")).all())
                .extracting(Policy::name)
                .contains("gold");
    }

    @Test
    void readsThePoliciesOfAFile(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("mine.yaml");
        Files.writeString(file, "policies: {mine: {select: {tags: {a: b}}}}");

        List<Policy> policies = Application.readPolicies(from("file:" + file)).all();

        assertThat(policies).extracting(Policy::name).containsExactly("mine");
        assertThat(policies.getFirst().select().regions()).containsExactly(HOME);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "policies.yaml",
                "/etc/policies.yaml",
                "https://example.com/policies.yaml",
                "s3:policies.yaml",
                "classpath:nowhere.yaml"
            })
    void saysWhereItLooksForPolicies(String from) {
        assertThatThrownBy(() -> Application.readPolicies(from(from)))
                .isInstanceOf(InvalidPolicyException.class)
                .hasMessage(
                        from
                                + ": there is no such policy file; POLICIES must be as"
                                + " classpath:policies.yaml or file:/path/policies.yaml")
                .hasNoCause();
    }

    @Test
    void saysWhatIsWrongWithAFile(@TempDir Path folder) throws IOException {
        Path latin = folder.resolve("latin.yaml");
        Files.write(latin, new byte[] {'#', ' ', (byte) 0xe4});

        assertUnreadable(folder.resolve("none.yaml"), "there is no such file");
        assertUnreadable(latin, "it is not UTF-8 text");
        assertUnreadable(folder, "Is a directory");
    }

    @Test
    void saysWhatIsWrongInAFile(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("wrong.yaml");
        Files.writeString(file, "policies: {mine: {selects: {}}}");

        assertThatThrownBy(() -> Application.readPolicies(from("file:" + file)))
                .isInstanceOf(InvalidPolicyException.class)
                .hasMessageContaining("file:" + file)
                .hasMessageContaining("selects");
    }

    @Test
    void knowsEveryRegionOfTheSdkAndItsOwn() {
        assertThat(Application.regions(new Region("xx-new-1")))
                .contains(
                        new Region("us-east-1"),
                        new Region("us-gov-west-1"),
                        new Region("cn-north-1"),
                        new Region("xx-new-1"));
    }

    /** The environment of a test is that of no function. */
    @Test
    void saysAtItsStartWhatTheEnvironmentLacks() {
        for (int call = 1; call <= 2; call++) {
            assertThatThrownBy(Application::get)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("CREATE_QUEUE_URL");
        }
    }

    /** AWS's own words for a Region that is not enabled come with HTTP status 401. */
    @Test
    void keepsWhatEc2SaysInA401() throws IOException {
        byte[] words =
                """
                <Response><Errors><Error><Code>AuthFailure</Code><Message>AWS was not able to validate the provided access credentials</Message></Error></Errors><RequestID>1</RequestID></Response>
                """
                        .getBytes(StandardCharsets.UTF_8);
        HttpServer server =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext(
                "/",
                exchange -> {
                    exchange.sendResponseHeaders(401, words.length);
                    exchange.getResponseBody().write(words);
                    exchange.close();
                });
        server.start();
        try (SdkHttpClient http = Application.httpClient();
                Ec2Client ec2 =
                        Ec2Client.builder()
                                .httpClient(http)
                                .region(software.amazon.awssdk.regions.Region.of("eu-west-1"))
                                .endpointOverride(
                                        URI.create(
                                                "http://127.0.0.1:"
                                                        + server.getAddress().getPort()))
                                .credentialsProvider(
                                        StaticCredentialsProvider.create(
                                                AwsBasicCredentials.create("id", "secret")))
                                .build()) {
            assertThatThrownBy(() -> ec2.createImage(image -> image.name("any").instanceId("i-1")))
                    .isInstanceOfSatisfying(
                            Ec2Exception.class,
                            error -> {
                                assertThat(Fault.of(error)).isEqualTo(Fault.DENIED);
                                assertThat(Fault.text(error)).startsWith("AuthFailure: AWS was");
                            });
        } finally {
            server.stop(0);
        }
    }

    private static void assertUnreadable(Path file, String why) {
        assertThatThrownBy(() -> Application.readPolicies(from("file:" + file)))
                .isInstanceOf(InvalidPolicyException.class)
                .hasMessage("file:" + file + ": cannot be read: " + why)
                .hasNoCause();
    }

    private static Settings from(String policies) {
        return new Settings(
                HOME,
                "123456789012",
                "table",
                "create",
                "copy",
                "topic",
                Optional.empty(),
                Settings.COPIES_AT_ONCE,
                policies);
    }
}
