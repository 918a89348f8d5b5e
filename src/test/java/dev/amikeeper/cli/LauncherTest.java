package dev.amikeeper.cli;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.file.attribute.PosixFilePermissions.fromString;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The launcher, beside a build that is up to date and with JDKs that only say who they are. */
final class LauncherTest {
    @TempDir private Path folder = Path.of("");

    private Path project = Path.of("");

    private record Run(int exitCode, String out) {}

    @BeforeEach
    void copyTheLauncher() throws IOException {
        project = folder.resolve("a project");
        Path out = Files.createDirectories(project.resolve("target/keeper"));
        Files.createDirectories(project.resolve("src/main"));
        Files.createFile(project.resolve("pom.xml"));
        Files.copy(Path.of("keeper"), project.resolve("keeper"));
        Files.writeString(out.resolve("classpath"), project.resolve("pom.xml") + "\n");
    }

    @Test
    void takesTheJdkOfJavaHome() throws Exception {
        Path jdk = jdk("mine", "25.0.1", true);

        Run run = run(project.resolve("keeper"), jdk, "demo", "--days", "3");

        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).startsWith("mine: ").endsWith(".Keeper demo --days 3\n");
    }

    @Test
    void passesOverAnOtherVersionAndARuntimeWithoutCompiler() throws Exception {
        Path onPath = jdk("on-path", "25", true);

        for (Path home : List.of(jdk("old", "17.0.9", true), jdk("runtime", "25", false))) {
            Run run = run(project.resolve("keeper"), home, onPath, List.of());
            assertThat(run.out()).startsWith("on-path: ");
        }
    }

    @Test
    void runsThroughASymlinkFromAnywhere() throws Exception {
        Path link = folder.resolve("link");
        Files.createSymbolicLink(link, Path.of("a project/keeper"));

        Run run = run(link, jdk("mine", "25", true));

        assertThat(run.out()).contains(project.toRealPath() + "/target/keeper/classes:");
    }

    private Path jdk(String name, String version, boolean compiler) throws IOException {
        Path home = Files.createDirectories(folder.resolve(name));
        Path bin = Files.createDirectories(home.resolve("bin"));
        Files.writeString(home.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
        script(bin.resolve("java"), "#!/bin/sh\necho \"" + name + ":\" \"$@\"\n");
        if (compiler) {
            script(bin.resolve("javac"), "#!/bin/sh\n");
        }
        return home;
    }

    private static void script(Path file, String text) throws IOException {
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, fromString("rwxr-xr-x"));
    }

    private Run run(Path launcher, Path javaHome, String... arguments) throws Exception {
        return run(launcher, javaHome, javaHome, List.of(arguments));
    }

    private Run run(Path launcher, Path javaHome, Path jdkOnPath, List<String> arguments)
            throws Exception {
        ProcessBuilder builder = new ProcessBuilder("sh", launcher.toString());
        builder.command().addAll(arguments);
        Map<String, String> environment = builder.environment();
        environment.put("JAVA_HOME", javaHome.toString());
        environment.merge(
                "PATH", jdkOnPath.resolve("bin").toString(), (old, our) -> our + ":" + old);
        builder.directory(folder.toFile()).redirectErrorStream(true);
        Process process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Run(process.waitFor(), out);
    }
}
