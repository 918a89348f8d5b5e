package dev.amikeeper.local;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import dev.amikeeper.Application;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.ec2.Ec2Client;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * An EC2 that was written apart from this project behaves likewise, seen through the real client.
 * Its program is looked for in {@code ../shared/aws-local}, or where {@code AWS_LOCAL} says.
 */
final class IndependentEc2ConformanceTest extends Ec2Conformance {
    private static final Duration START = Duration.ofSeconds(30);
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final Map<String, Ec2Client> clients = new HashMap<>();
    private static Optional<Server> server = Optional.empty();

    @BeforeAll
    static void startServer() throws IOException, InterruptedException {
        String folder =
                Optional.ofNullable(System.getenv("AWS_LOCAL")).orElse("../shared/aws-local");
        Path program = Path.of(folder, "ec2world.py");
        assumeTrue(Files.exists(program), "no independent EC2 at " + program);
        server = Optional.of(Server.start(program));
    }

    @AfterAll
    static void stopServer() {
        clients.values().forEach(Ec2Client::close);
        clients.clear();
        server.ifPresent(Server::stop);
    }

    @Override
    World world() {
        Independent world = new Independent(server.orElseThrow());
        world.server.ask("reset", Map.of());
        return world;
    }

    private record Server(Process process, Path output, URI at, HttpClient http) {
        static Server start(Path program) throws IOException, InterruptedException {
            int port;
            try (ServerSocket free = new ServerSocket(0)) {
                port = free.getLocalPort();
            }
            Path output = Files.createTempFile("independent-ec2", ".log");
            Process process =
                    new ProcessBuilder("python3", program.toString(), "--port", "" + port)
                            .redirectErrorStream(true)
                            .redirectOutput(output.toFile())
                            .start();
            URI at = URI.create("http://127.0.0.1:" + port);
            Server server = new Server(process, output, at, HttpClient.newHttpClient());
            server.awaitUp();
            return server;
        }

        void stop() {
            process.destroyForcibly();
            try {
                Files.deleteIfExists(output);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        Map<String, Object> ask(String what, Object body) {
            try {
                HttpRequest request =
                        HttpRequest.newBuilder(at.resolve("/_world/" + what))
                                .POST(BodyPublishers.ofString(JSON.writeValueAsString(body)))
                                .build();
                String answer = http.send(request, BodyHandlers.ofString()).body();
                return JSON.readValue("{\"answer\":" + answer + "}", new TypeReference<>() {});
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }

        private void awaitUp() throws IOException, InterruptedException {
            long end = System.nanoTime() + START.toNanos();
            while (System.nanoTime() < end) {
                try {
                    ask("calls", Map.of());
                    return;
                } catch (UncheckedIOException notYet) {
                    if (process.waitFor(200, TimeUnit.MILLISECONDS)) {
                        break;
                    }
                }
            }
            process.destroyForcibly();
            fail("the independent EC2 did not come up: " + Files.readString(output));
        }
    }

    private static final class Independent implements World {
        private final Server server;
        private final List<Map<String, Object>> faults = new ArrayList<>();

        Independent(Server server) {
            this.server = server;
        }

        @Override
        public Ec2Client ec2(String region) {
            return clients.computeIfAbsent(region, this::client);
        }

        @Override
        public String launch(String region, Map<String, String> tags, int... sizesGiB) {
            List<List<Object>> volumes = new ArrayList<>();
            for (int size : sizesGiB) {
                String device =
                        volumes.isEmpty() ? "/dev/xvda" : "/dev/sd" + (char) ('e' + volumes.size());
                volumes.add(List.of(device, size));
            }
            Map<String, Object> answer =
                    object(
                            server.ask(
                                    "seed",
                                    Map.of("region", region, "tags", tags, "volumes", volumes)));
            List<String> made =
                    JSON.convertValue(answer.get("instances"), new TypeReference<>() {});
            return made.getFirst();
        }

        @Override
        public List<Map<String, Object>> advance(Duration by) {
            server.ask("advance", Map.of("seconds", by.toSeconds()));
            Map<String, Object> answer = object(server.ask("events", Map.of("clear", true)));
            return JSON.convertValue(answer.get("events"), new TypeReference<>() {});
        }

        @Override
        public int reboots(String region, String instance) {
            JsonNode state = JSON.valueToTree(object(server.ask("state", Map.of())));
            return state.path("regions")
                    .path("123456789012/" + region)
                    .path("instances")
                    .path(instance)
                    .path("_reboots")
                    .asInt(-1);
        }

        @Override
        public int calls(String action) {
            Map<String, Integer> counts =
                    JSON.convertValue(
                            object(server.ask("calls", Map.of())).get("count"),
                            new TypeReference<>() {});
            return counts.getOrDefault(action, 0);
        }

        @Override
        public void copyQuota(int images) {
            configure("copy_quota", images);
        }

        @Override
        public void hiddenCalls(int calls) {
            configure("visible_after_calls", calls);
        }

        @Override
        public void failImage(String name) {
            configure("fail_images", List.of(name));
        }

        @Override
        public void failCopiesTo(String region) {
            configure("fail_copy_regions", List.of(region));
        }

        @Override
        public void badKey(String key) {
            configure("bad_kms", List.of(key));
        }

        @Override
        public void closeAccount(String account) {
            configure("closed_accounts", List.of(account));
        }

        @Override
        public void encryptByDefault(String region) {
            configure("default_key", List.of(region));
        }

        @Override
        public void recycleBin() {
            configure("recycle_bin", true);
        }

        @Override
        public void bucket(String action, int size) {
            configure("throttle", Map.of(action, List.of(size, 0)));
        }

        @Override
        public void throttle(String action, int nth, int times) {
            strike(Map.of("action", action, "mode", "throttle", "nth", nth, "times", times));
        }

        @Override
        public void deny(String action) {
            strike(Map.of("action", action, "mode", "error", "code", "UnauthorizedOperation"));
        }

        @Override
        public void failInside(String action) {
            strike(Map.of("action", action, "mode", "internal"));
        }

        @Override
        public void loseReply(String action) {
            strike(Map.of("action", action, "mode", "lost"));
        }

        @Override
        public void usedByOthers(String region, String image, String account, int instances) {
            configure("usage", Map.of(image, List.of(List.of(account, instances))));
        }

        private void configure(String knob, Object value) {
            server.ask("config", Map.of(knob, value));
        }

        private void strike(Map<String, Object> fault) {
            faults.add(fault);
            server.ask("faults", faults);
        }

        private Ec2Client client(String region) {
            return Ec2Client.builder()
                    .endpointOverride(server.at())
                    .region(Region.of(region))
                    .credentialsProvider(
                            StaticCredentialsProvider.create(
                                    AwsBasicCredentials.create("test", "test")))
                    .httpClient(Application.httpClient())
                    .overrideConfiguration(o -> o.retryStrategy(AwsRetryStrategy.doNotRetry()))
                    .build();
        }

        private static Map<String, Object> object(Map<String, Object> answer) {
            return JSON.convertValue(answer.get("answer"), new TypeReference<>() {});
        }
    }
}
