package dev.amikeeper.local;

import software.amazon.awssdk.services.ec2.Ec2Client;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** The simulated cloud behaves as EC2 does. */
final class SimulatedEc2ConformanceTest extends Ec2Conformance {
    @Override
    World world() {
        return new Simulated(new SimulatedCloud(Instant.parse("2026-03-01T00:00:00Z"), 1));
    }

    private record Simulated(SimulatedCloud cloud) implements World {
        @Override
        public Ec2Client ec2(String region) {
            return cloud.ec2(region);
        }

        @Override
        public String launch(String region, Map<String, String> tags, int... sizesGiB) {
            return cloud.launch(region, tags, Arrays.stream(sizesGiB).boxed().toList());
        }

        @Override
        public List<Map<String, Object>> advance(Duration by) {
            cloud.advance(by);
            return cloud.takeEvents();
        }

        @Override
        public int reboots(String region, String instance) {
            return cloud.instances(region).stream()
                    .filter(it -> it.instance().instanceId().equals(instance))
                    .mapToInt(LocalInstance::reboots)
                    .sum();
        }

        @Override
        public int calls(String action) {
            return cloud.calls().getOrDefault(action, 0);
        }

        @Override
        public void copyQuota(int images) {
            cloud.settings().copyQuota(images);
        }

        @Override
        public void hiddenCalls(int calls) {
            cloud.settings().hiddenCalls(calls);
        }

        @Override
        public void failImage(String name) {
            fail(attempt -> attempt.name().equals(name));
        }

        @Override
        public void failCopiesTo(String region) {
            fail(attempt -> attempt.copy() && attempt.region().equals(region));
        }

        @Override
        public void badKey(String key) {
            cloud.settings().badKey(key);
        }

        @Override
        public void closeAccount(String account) {
            cloud.settings().closeAccount(account);
        }

        @Override
        public void encryptByDefault(String region) {
            cloud.settings().encryptByDefault(region);
        }

        @Override
        public void recycleBin() {
            cloud.settings().recycleBin(Duration.ofDays(7), Duration.ofDays(7));
        }

        @Override
        public void bucket(String action, int size) {
            cloud.settings().bucket(action, new Bucket(size, 0));
        }

        @Override
        public void throttle(String action, int nth, int times) {
            cloud.faults().calls(action).nth(nth).times(times).throttle();
        }

        @Override
        public void deny(String action) {
            cloud.faults().calls(action).deny();
        }

        @Override
        public void failInside(String action) {
            cloud.faults().calls(action).internalError();
        }

        @Override
        public void loseReply(String action) {
            cloud.faults().calls(action).loseReply();
        }

        @Override
        public void usedByOthers(String region, String image, String account, int instances) {
            cloud.usedByOthers(region, image, account, instances);
        }

        private void fail(Predicate<CloudSettings.Attempt> attempts) {
            cloud.settings().failing(attempts);
        }
    }
}
