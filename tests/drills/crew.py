"""Processes beside a drill that work until they are told to end, and then hand back what they have."""
import multiprocessing
import traceback

from drill import Broken

END_SECONDS = 60


def _run(pipe, work, arguments):
    try:
        pipe.send((work(*arguments), None))
    except BaseException:
        pipe.send((None, traceback.format_exc()))
    pipe.close()


class Crew:
    """`ending` is 1 once they shall end: give it to those who must look at it. They die with the drill."""

    def __init__(self, drill):
        self.context = multiprocessing.get_context("fork")
        self.ending = self.context.Value("b", 0, lock=False)
        self.processes = []
        drill.stack.callback(self.kill)

    def start(self, work, *arguments):
        receiver, sender = self.context.Pipe(duplex=False)
        process = self.context.Process(target=_run, daemon=True, args=(sender, work, arguments))
        process.start()
        sender.close()
        self.processes.append((process, receiver))

    def kill(self):
        for process, _ in self.processes:
            if process.is_alive():
                process.kill()
            process.join()

    def join(self):
        """End them; what `work` returned in each."""
        self.ending.value = 1
        results = []
        for process, receiver in self.processes:
            if not receiver.poll(END_SECONDS):
                raise Broken("a process beside the drill did not end within a minute")
            result, failed = receiver.recv()
            process.join()
            if failed is not None:
                raise Broken(f"a process beside the drill failed: {failed}")
            results.append(result)
        return results
